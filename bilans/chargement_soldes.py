"""Les soldes d'un bailleur d'année en année (RG-47) : un calcul par année, chacun en un nombre fixe de requêtes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from attributions.domaine.codes import OrigineSolde
from attributions.models import SoldeOuverture
from bilans.calcul import calculer_les_comptes
from bilans.domaine.chainage import HistoireDeCompte, raconter_les_comptes, soldes_a_reprendre
from bilans.domaine.comptes import CompteAnnuel
from bilans.domaine.faits import CleDeCompte, FaitsFlux
from conventions.domaine.codes import SousContingent
from conventions.models import Bailleur

ANNEES_AU_PLUS = 6
"""Années racontées : au-delà, l'histoire se lit dans les bilans publiés."""


@dataclass(frozen=True, slots=True)
class SoldesLus:
    """L'ouverture d'une année et l'histoire des soldes.

    `a_reprendre` : soldes provisoires de N−1 ; `publies` : comptes dont un bilan publié arrête le solde ; `cumuls` : les comptes de
    l'État, années finies seules ; `en_cours` : l'année que la date du jour n'a pas finie.
    """

    comptes: tuple[CompteAnnuel, ...]
    a_reprendre: Mapping[CleDeCompte, Decimal]
    publies: frozenset[CleDeCompte]
    histoires: tuple[HistoireDeCompte, ...]
    cumuls: tuple[HistoireDeCompte, ...]
    annees: tuple[int, ...]
    en_cours: int

    @property
    def annees_finies(self) -> tuple[int, ...]:
        """Années dont le solde ne bouge plus que par correction."""
        return tuple(annee for annee in self.annees if annee < self.en_cours)


def charger_soldes(
    bailleur: Bailleur, departement: str, annee: int, le: date, *, avec_histoire: bool = True
) -> SoldesLus:
    """Lit l'année, celle d'avant, et (`avec_histoire`) celles depuis la première convention, six au plus."""
    faits, flux = calculer_les_comptes(bailleur, departement, annee)
    par_annee = {annee: flux, annee - 1: calculer_les_comptes(bailleur, departement, annee - 1)[1]}
    if avec_histoire:
        for ancienne in _annees_sous_convention(faits, annee):
            if ancienne not in par_annee:
                par_annee[ancienne] = calculer_les_comptes(bailleur, departement, ancienne)[1]
    sous_convention = [un for un in _annees_sous_convention(faits, annee) if un in par_annee]
    return SoldesLus(
        comptes=tuple(
            compte
            for compte in flux.comptes
            if compte.origine is not None and compte.sous_contingent != SousContingent.REPLI
        ),
        a_reprendre=soldes_a_reprendre(par_annee[annee - 1], faits.reports.keys()),
        publies=_charger_publies(bailleur, departement, annee),
        histoires=raconter_les_comptes(par_annee[un] for un in sous_convention),
        cumuls=tuple(
            histoire
            for histoire in raconter_les_comptes(par_annee[un] for un in sous_convention if un < le.year)
            if histoire.est_de_l_etat
        ),
        annees=tuple(sous_convention),
        en_cours=le.year,
    )


def _annees_sous_convention(faits: FaitsFlux, annee: int) -> range:
    """De l'année de la première convention (six ans au plus) à celle qu'on lit."""
    premiere = min((version.debut.year for version in faits.conventions.versions), default=annee)
    return range(max(premiere, annee - ANNEES_AU_PLUS + 1), annee + 1)


def _charger_publies(bailleur: Bailleur, departement: str, annee: int) -> frozenset[CleDeCompte]:
    """Comptes dont le solde d'ouverture vient d'un bilan publié (une requête)."""
    soldes = SoldeOuverture.objects.filter(
        convention__bailleur=bailleur, convention__departement_id=departement, annee=annee, origine=OrigineSolde.BILAN
    ).values_list("convention__origine_id", "convention_id", "sous_contingent")
    return frozenset((origine or convention, sous_contingent) for origine, convention, sous_contingent in soldes)
