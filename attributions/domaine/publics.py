"""Publics prioritaires : les trois objectifs de RG-50, mesurés sur des baux, à l'orientation, en séance et au bilan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from attributions.domaine.codes import COMPTE_BAILLEUR, Exclusion, Public
from conventions.domaine.codes import COLLECTIVITES, TypeReservataire
from flux_reservations.droit import taux
from flux_reservations.droit.parametre import Parametre

PRIORITAIRES = frozenset({Public.DALO, Public.PRIORITAIRE})
QUARTILES_CONNUS = frozenset({Public.PREMIER_QUARTILE, Public.AUTRE})
"""Publics qui disent le quartile de ressources du ménage."""
RELOGEMENTS = frozenset({Exclusion.ANRU, Exclusion.ORCOD, Exclusion.INSALUBRITE, Exclusion.VENTE})


class Objectif(StrEnum):
    """Un objectif de public (RG-50)."""

    PRIORITAIRES = "prioritaires"
    PREMIER_QUARTILE_HORS_QPV = "premier_quartile_hors_qpv"
    AUTRES_QUARTILES_EN_QPV = "autres_quartiles_en_qpv"

    @property
    def libelle(self) -> str:
        """L'objectif en toutes lettres."""
        return {
            Objectif.PRIORITAIRES: "Ménages DALO et prioritaires",
            Objectif.PREMIER_QUARTILE_HORS_QPV: "Premier quartile ou relogements, hors QPV",
            Objectif.AUTRES_QUARTILES_EN_QPV: "Autres quartiles, en QPV",
        }[self]


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
    def pourcentage(self) -> Fraction | None:
        """Part servie, en % ; None sans attribution connue."""
        return None if self.part is None else 100 * self.part

    @property
    def pourcentage_attendu(self) -> Fraction:
        """Part attendue, en %."""
        return 100 * self.seuil

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
    """Les quartiles ne se lisent que d'un public qui les dit : un DALO, un agent peuvent être du premier quartile, on n'en sait rien.

    Un relogement compte hors QPV même sans public saisi.
    """
    if objectif is Objectif.PRIORITAIRES:
        return bool(menage.public)
    return menage.public in QUARTILES_CONNUS or (
        objectif is Objectif.PREMIER_QUARTILE_HORS_QPV and menage.est_un_relogement
    )


def _est_servi(objectif: Objectif, menage: Menage) -> bool:
    if objectif is Objectif.PRIORITAIRES:
        return menage.public in PRIORITAIRES
    if objectif is Objectif.PREMIER_QUARTILE_HORS_QPV:
        return menage.public == Public.PREMIER_QUARTILE or menage.est_un_relogement
    return menage.public != Public.PREMIER_QUARTILE
