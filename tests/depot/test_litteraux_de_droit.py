"""Aucun chiffre de droit n'est un littéral hors de `droit/` (RG-38) : ni une date légale, ni un taux, dans toute l'application."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from decimal import Decimal

import pytest

from flux_reservations.droit.regles import PARAMETRES
from tests.depot.arbre import modules, noeuds

pytestmark = pytest.mark.regle("RG-38")
FICTIFS = {
    "flux_reservations/acces/views/publiques.py": "l'exemple chiffré de l'accueil et la page des composants",
}
"""Fichiers dont les nombres sont ceux d'un exemple ou d'un jeu fictif."""


def _lus() -> list[str]:
    return [
        nom
        for nom in modules()
        if not nom.startswith("flux_reservations/droit/") and "/donnees_demo/" not in nom and nom not in FICTIFS
    ]


def _appels(nom: str, fonctions: set[str]) -> Iterator[tuple[ast.Call, list[object]]]:
    """Les appels de ces fonctions dont tous les arguments sont des constantes."""
    for noeud in noeuds(nom):
        if (
            isinstance(noeud, ast.Call)
            and isinstance(noeud.func, ast.Name)
            and noeud.func.id in fonctions
            and noeud.args
        ):
            constantes = [un.value for un in noeud.args if isinstance(un, ast.Constant)]
            if len(constantes) == len(noeud.args):
                yield noeud, constantes


def taux_de_droit() -> set[Decimal]:
    """Toutes les valeurs décimales des paramètres, en part et en %."""
    parts = {
        version.valeur
        for parametre in PARAMETRES.values()
        for version in parametre.versions
        if isinstance(version.valeur, Decimal) and version.valeur < 1
    }
    return parts | {100 * part for part in parts}


def test_aucune_date_n_est_ecrite_hors_du_droit() -> None:
    assert [f"{nom}:{appel.lineno}" for nom in _lus() for appel, _ in _appels(nom, {"date"})] == []


def test_aucun_taux_de_droit_n_est_ecrit_hors_du_droit() -> None:
    taux = taux_de_droit()
    assert Decimal("0.30") in taux
    fautes = [
        f"{nom}:{appel.lineno}"
        for nom in _lus()
        for appel, valeurs in _appels(nom, {"Decimal", "Fraction"})
        if any(Decimal(str(valeur)) in taux for valeur in valeurs)
    ]
    assert fautes == []
