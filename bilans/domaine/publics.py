"""Publics prioritaires et mobilité : les indicateurs datés du bilan (RG-50, RG-52)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from attributions.domaine.codes import COMPTE_BAILLEUR, Exclusion, Public
from bilans.domaine.faits import FaitsFlux
from bilans.domaine.flux import FluxAnnuel
from bilans.domaine.lignes import Attribution, Section
from conventions.domaine.codes import COLLECTIVITES, TypeReservataire
from flux_reservations.droit import taux
from flux_reservations.droit.parametre import Parametre

PRIORITAIRES = frozenset({Public.DALO, Public.PRIORITAIRE})
RELOGEMENTS = frozenset({Exclusion.ANRU, Exclusion.ORCOD, Exclusion.INSALUBRITE, Exclusion.VENTE})


class Objectif(StrEnum):
    """Un objectif de public (RG-50)."""

    PRIORITAIRES = "prioritaires"
    PREMIER_QUARTILE_HORS_QPV = "premier_quartile_hors_qpv"
    AUTRES_QUARTILES_EN_QPV = "autres_quartiles_en_qpv"


@dataclass(frozen=True, slots=True)
class Indicateur:
    """Un objectif mesuré : `servis` sur `total` attributions dont le public est connu, `inconnus` à part (ménages)."""

    objectif: Objectif
    compte: str
    servis: int
    total: int
    inconnus: int
    seuil: Fraction

    @property
    def part(self) -> Fraction | None:
        """Part servie ; None sans attribution connue."""
        return Fraction(self.servis, self.total) if self.total else None

    @property
    def est_tenu(self) -> bool | None:
        """Vrai si l'objectif est atteint ; None si l'on ne peut le dire."""
        return None if self.part is None else self.part >= self.seuil


@dataclass(frozen=True, slots=True)
class Menage:
    """Un bail et le public du ménage (vide = inconnu)."""

    compte: str
    type_du_compte: str
    public: str
    est_en_qpv: bool
    est_un_relogement: bool


def mesurer(menages: Iterable[Menage], le: date) -> tuple[Indicateur, ...]:
    """Les trois objectifs de RG-50 : prioritaires par compte concerné, premier quartile hors QPV, autres quartiles en QPV."""
    tous = list(menages)
    concernes = [menage for menage in tous if _doit_servir_des_prioritaires(menage.type_du_compte)]
    indicateurs = [
        _indicateur(
            Objectif.PRIORITAIRES,
            compte,
            [menage for menage in concernes if menage.compte == compte],
            taux.PART_PRIORITAIRES,
            le,
        )
        for compte in sorted({menage.compte for menage in concernes})
    ]
    hors_qpv = [menage for menage in tous if not menage.est_en_qpv]
    en_qpv = [menage for menage in tous if menage.est_en_qpv]
    indicateurs.append(
        _indicateur(Objectif.PREMIER_QUARTILE_HORS_QPV, "", hors_qpv, taux.PART_PREMIER_QUARTILE_HORS_QPV, le)
    )
    indicateurs.append(_indicateur(Objectif.AUTRES_QUARTILES_EN_QPV, "", en_qpv, taux.PART_AUTRES_QUARTILES_EN_QPV, le))
    return tuple(indicateurs)


def _doit_servir_des_prioritaires(type_du_compte: str) -> bool:
    """Collectivités, Action Logement et le bailleur sur le non réservé (RG-50) ; l'État a son propre contingent."""
    return type_du_compte in {COMPTE_BAILLEUR, TypeReservataire.ACTION_LOGEMENT, *COLLECTIVITES}


def _indicateur(
    objectif: Objectif, compte: str, menages: list[Menage], parametre: Parametre[Decimal], le: date
) -> Indicateur:
    connus = [menage for menage in menages if _est_connu(objectif, menage)]
    return Indicateur(
        objectif,
        compte,
        servis=sum(1 for menage in connus if _est_servi(objectif, menage)),
        total=len(connus),
        inconnus=len(menages) - len(connus),
        seuil=Fraction(parametre.valeur(le)),
    )


def _est_connu(objectif: Objectif, menage: Menage) -> bool:
    """Un relogement compte hors QPV même sans public saisi."""
    return bool(menage.public) or (objectif is Objectif.PREMIER_QUARTILE_HORS_QPV and menage.est_un_relogement)


def _est_servi(objectif: Objectif, menage: Menage) -> bool:
    if objectif is Objectif.PRIORITAIRES:
        return menage.public in PRIORITAIRES
    if objectif is Objectif.PREMIER_QUARTILE_HORS_QPV:
        return menage.public == Public.PREMIER_QUARTILE or menage.est_un_relogement
    return menage.public != Public.PREMIER_QUARTILE


def menages_de_l_annee(faits: FaitsFlux, flux: FluxAnnuel, attributions: Iterable[Attribution]) -> tuple[Menage, ...]:
    """Les baux de l'année, vus comme des ménages : le public est celui de l'orientation qui a produit le bail."""
    publics = {
        qualifiee.faits.identifiant: orientation.public if (orientation := qualifiee.orientation_du_bail) else ""
        for qualifiee in flux.liberations
    }
    types = {partie.code: partie.type for partie in faits.reservataires.values()}
    return tuple(
        Menage(
            attribution.compte,
            COMPTE_BAILLEUR
            if attribution.compte == COMPTE_BAILLEUR
            else types.get(attribution.compte.partition("/")[0], ""),
            publics.get(attribution.liberation.identifiant, ""),
            attribution.est_en_qpv,
            attribution.liberation.exclusion in RELOGEMENTS,
        )
        for attribution in attributions
        if attribution.section is not Section.HORS_CHAMP
    )


@dataclass(frozen=True, slots=True)
class Mobilite:
    """Ce que la réforme vise : mutations servies et relogements tenus, en logements (RG-52)."""

    mutations: int
    relogements: dict[str, int]
    attributions: int

    @property
    def logements_liberes(self) -> int:
        """Logements que ces mutations libèrent : un par mutation, puisqu'elle se fait au sein du parc du bailleur (RG-31)."""
        return self.mutations

    @property
    def part_des_mutations(self) -> Fraction | None:
        """Mutations ÷ baux de l'année ; None sans bail."""
        return Fraction(self.mutations, self.attributions) if self.attributions else None


def mesurer_la_mobilite(attributions: Iterable[Attribution]) -> Mobilite:
    """Compte les mutations servies et les relogements, sur tous les baux de l'année (RG-52)."""
    toutes = [attribution for attribution in attributions if attribution.section is not Section.HORS_CHAMP]
    exclusions = [attribution.liberation.exclusion for attribution in toutes]
    return Mobilite(
        mutations=exclusions.count(Exclusion.MUTATION.value),
        relogements={motif.value: exclusions.count(motif.value) for motif in Exclusion if motif in RELOGEMENTS},
        attributions=len(toutes),
    )
