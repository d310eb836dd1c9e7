"""Les soldes d'ouverture : ce que chaque année a laissé à la suivante (RG-47), et les droits uniques repris (RG-35)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from attributions.models import SoldeOuverture
from bilans.calcul import calculer_annee
from conventions.models import Bailleur, Convention
from flux_reservations.commun.arrondis import chaine_exacte
from flux_reservations.embarque.donnees_demo.hasard import Hasard

REPRISES: Final = {"RB": {"CRETEIL": 3, "AL": 4, "IVRY": 2}, "TM": {"SAINT-MAUR": 1}}
"""Droits uniques que les conventions ont repris dans leur premier solde, en logements."""

A_REPRENDRE: Final = {"RB": frozenset({"VITRY", "FONTENAY", "EPT11"})}
"""Comptes dont le solde de l'an passé n'est pas encore repris : il est provisoire, l'écran des soldes le propose (RG-47)."""


def ecrire_soldes(
    bailleur: Bailleur, prefixe: str, premiere_annee: int, effet: date, aujourd_hui: date, hasard: Hasard
) -> int:
    """Les soldes de la première année, puis ceux que laisse chaque année finie ; rend combien.

    Ceux de l'an passé sont saisis aussi (le bilan, quand il sera publié, l'emportera), sauf ceux d'`A_REPRENDRE`.
    """
    soldes = _premiers_soldes(bailleur, prefixe, premiere_annee, effet, hasard)
    SoldeOuverture.objects.bulk_create(soldes)
    nombre = len(soldes)
    for annee in range(premiere_annee, aujourd_hui.year):
        ecartes = A_REPRENDRE.get(prefixe, frozenset()) if annee == aujourd_hui.year - 1 else frozenset()
        soldes = [
            SoldeOuverture(
                convention_id=compte.origine,
                sous_contingent=compte.sous_contingent,
                annee=annee + 1,
                report=Decimal(chaine_exacte(compte.solde)),
            )
            for compte in calculer_annee(bailleur, "94", annee).flux.comptes
            if compte.origine is not None and compte.code not in ecartes
        ]
        SoldeOuverture.objects.bulk_create(soldes)
        nombre += len(soldes)
    return nombre


def _premiers_soldes(
    bailleur: Bailleur, prefixe: str, premiere_annee: int, effet: date, hasard: Hasard
) -> list[SoldeOuverture]:
    """Droits uniques repris ; et, si les conventions couraient déjà, ce que les années d'avant l'histoire avaient laissé."""
    soldes = []
    reprises = REPRISES[prefixe]
    chaines = (
        Convention.objects.filter(bailleur=bailleur, origine=None)
        .signees()
        .select_related("reservataire")
        .order_by("pk")
    )
    for convention in chaines:
        report = Fraction(reprises.get(convention.reservataire.code, 0))
        if effet.year < premiere_annee:
            report = Fraction(hasard.entier(-18, 26), 10)
        if report and not convention.reservataire.est_etat:
            soldes.append(
                SoldeOuverture(convention=convention, annee=premiere_annee, report=Decimal(chaine_exacte(report)))
            )
    return soldes
