"""Les soldes d'une année sur l'autre : report provisoire et retard cumulé de l'État (RG-47)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from bilans.domaine.faits import CleDeCompte
from bilans.domaine.flux import FluxAnnuel
from conventions.domaine.codes import SousContingent


def soldes_de_fin(flux: FluxAnnuel) -> dict[CleDeCompte, Decimal]:
    """Solde de chaque compte conventionné à la fin de l'année : ce que l'année suivante reprendrait, dit provisoire.

    Le repli et les comptes sans convention n'ont pas de report (RG-19).
    """
    return {
        (compte.origine, compte.sous_contingent): _en_decimal(compte.solde)
        for compte in flux.comptes
        if compte.origine is not None and compte.sous_contingent != SousContingent.REPLI
    }


def _en_decimal(solde: Fraction) -> Decimal:
    """Exact : un solde tient en quatre décimales."""
    return Decimal(solde.numerator) / Decimal(solde.denominator)


@dataclass(frozen=True, slots=True)
class RetardCumule:
    """Ce qu'un compte sans report a perdu d'année en année : `par_annee` (année → solde non reporté), et la somme."""

    compte: str
    convention: str
    par_annee: Mapping[int, Fraction]

    @property
    def total(self) -> Fraction:
        """Retard cumulé sur la durée de la convention (négatif : avance)."""
        return sum(self.par_annee.values(), Fraction(0))


def cumuler_les_retards(annees: Iterable[FluxAnnuel]) -> tuple[RetardCumule, ...]:
    """Soldes non reportés des comptes de l'État, année après année : un retard perdu reste affiché (RG-47)."""
    par_compte: dict[tuple[str, str], dict[int, Fraction]] = {}
    for flux in annees:
        for compte in flux.comptes:
            if compte.sous_contingent in {SousContingent.PRIORITAIRES, SousContingent.AGENTS}:
                par_annee = par_compte.setdefault((compte.compte, compte.convention), {})
                par_annee[flux.annee] = compte.solde - compte.report
    return tuple(RetardCumule(nom, numero, annees_lues) for (nom, numero), annees_lues in sorted(par_compte.items()))
