"""Chaque phrase du contrat des fichiers a son essai, et chaque colonne du contrat est dans l'application."""

from __future__ import annotations

import ast
import re
from collections import defaultdict

import pytest

from flux_reservations.echanges.tableaux import TABLEAUX
from tests.contrat.phrases_des_fichiers import COLONNES, PHRASES
from tests.depot.arbre import essais, noeuds, situer


def essais_par_phrase() -> dict[str, list[str]]:
    """Où chaque phrase est prouvée : les `pytest.mark.contrat("clé")` des essais."""
    trouves: dict[str, list[str]] = defaultdict(list)
    for nom in essais():
        for noeud in noeuds(nom):
            if isinstance(noeud, ast.Call) and ast.unparse(noeud.func) == "pytest.mark.contrat":
                for argument in noeud.args:
                    trouves[ast.literal_eval(argument)].append(situer(nom, noeud))
    return trouves


def colonnes_du_contrat(cellule: str) -> dict[str, bool]:
    """Les colonnes d'une cellule du tableau, et si elles y sont en gras."""
    sans_details = re.sub(r"\([^()]*\)", "", cellule).rstrip(". ")
    noms = [nom.strip() for nom in sans_details.split(",")]
    return {nom.strip("*"): nom.startswith("**") for nom in noms}


def test_chaque_phrase_a_son_essai() -> None:
    assert not PHRASES.keys() - essais_par_phrase().keys()


def test_chaque_essai_cite_une_phrase_du_contrat() -> None:
    assert not essais_par_phrase().keys() - PHRASES.keys()


@pytest.mark.contrat("colonnes")
@pytest.mark.parametrize("nom", COLONNES)
def test_chaque_colonne_du_contrat_est_dans_l_application_et_les_memes_sont_obligatoires(nom: str) -> None:
    (tableau,) = [tableau for tableau in TABLEAUX if tableau.nom == nom]
    voulues = colonnes_du_contrat(COLONNES[nom])
    lues = {colonne.nom: colonne.obligatoire for colonne in tableau.colonnes}
    assert {colonne: lues.get(colonne) for colonne in voulues} == voulues
    assert not {colonne for colonne in lues.keys() - voulues.keys() if lues[colonne]}, (
        "une colonne de plus est facultative"
    )


@pytest.mark.contrat("autres_tables")
@pytest.mark.parametrize("nom", ["seances", "inscriptions", "bilans", "envois", "pieces", "previsions", "situations"])
def test_les_tables_ajoutees_ensuite_ont_leur_tableau(nom: str) -> None:
    assert nom in {tableau.nom for tableau in TABLEAUX}
