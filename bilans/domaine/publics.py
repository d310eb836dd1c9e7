"""Publics prioritaires et mobilité : les indicateurs datés du bilan (RG-50, RG-52)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from attributions.domaine.codes import COMPTE_BAILLEUR, Exclusion
from attributions.domaine.publics import RELOGEMENTS, Menage
from bilans.domaine.faits import FaitsFlux
from bilans.domaine.flux import FluxAnnuel
from bilans.domaine.lignes import Attribution, Section


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
