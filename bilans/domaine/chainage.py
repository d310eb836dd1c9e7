"""Les soldes d'une année sur l'autre : report provisoire à reprendre, retard non reporté et cumulé (RG-47)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from bilans.domaine.comptes import CompteAnnuel
from bilans.domaine.faits import CleDeCompte
from bilans.domaine.flux import FluxAnnuel
from conventions.domaine.codes import SousContingent

DE_L_ETAT = frozenset({SousContingent.PRIORITAIRES.value, SousContingent.AGENTS.value})


def soldes_de_fin(flux: FluxAnnuel) -> dict[CleDeCompte, Decimal]:
    """Solde de chaque compte conventionné à la fin de l'année : ce que l'année suivante reprendrait, dit provisoire.

    Le repli et les comptes sans convention n'ont pas de report (RG-19).
    """
    return {
        (compte.origine, compte.sous_contingent): _en_decimal(compte.solde)
        for compte in flux.comptes
        if compte.origine is not None and compte.sous_contingent != SousContingent.REPLI
    }


def soldes_a_reprendre(precedente: FluxAnnuel, connus: Collection[CleDeCompte]) -> dict[CleDeCompte, Decimal]:
    """Soldes provisoires de N−1 des comptes dont N n'a encore aucun solde d'ouverture, ni publié ni saisi (RG-47)."""
    return {cle: solde for cle, solde in soldes_de_fin(precedente).items() if cle not in connus}


def _en_decimal(solde: Fraction) -> Decimal:
    """Exact : un solde tient en quatre décimales."""
    return Decimal(solde.numerator) / Decimal(solde.denominator)


@dataclass(frozen=True, slots=True)
class AnneeDeCompte:
    """Un compte, une année : ce qui entre dans son solde et ce que le report n'en passe pas (logements, exact)."""

    annee: int
    droit_theorique: Fraction
    report: Fraction
    decompte: int
    solde: Fraction
    non_reporte: Fraction


@dataclass(frozen=True, slots=True)
class HistoireDeCompte:
    """Un compte d'année en année, sur la durée de sa convention (chaîne d'avenants comprise)."""

    compte: str
    convention: str
    sous_contingent: str
    annees: tuple[AnneeDeCompte, ...]

    @property
    def est_de_l_etat(self) -> bool:
        """Vrai pour les deux comptes de l'État (RG-03)."""
        return self.sous_contingent in DE_L_ETAT

    @property
    def cumul_non_reporte(self) -> Fraction:
        """Ce qui n'a pas été reporté, cumulé : un retard perdu reste affiché (RG-47) ; négatif : une avance perdue."""
        return sum((annee.non_reporte for annee in self.annees), Fraction(0))


def raconter_les_comptes(annees: Iterable[FluxAnnuel]) -> tuple[HistoireDeCompte, ...]:
    """L'histoire de chaque compte conventionné, par compte puis convention ; l'ordre des années données est indifférent."""
    par_compte: dict[tuple[str, str, str], list[AnneeDeCompte]] = {}
    for flux in sorted(annees, key=lambda un: un.annee):
        for compte in flux.comptes:
            if compte.convention:
                cle = (compte.compte, compte.convention, compte.sous_contingent)
                par_compte.setdefault(cle, []).append(_annee_de(flux.annee, compte))
    return tuple(HistoireDeCompte(*cle, tuple(annees_lues)) for cle, annees_lues in sorted(par_compte.items()))


def _annee_de(annee: int, compte: CompteAnnuel) -> AnneeDeCompte:
    return AnneeDeCompte(
        annee, compte.droit_theorique, compte.report, compte.decompte, compte.solde, compte.non_reporte
    )
