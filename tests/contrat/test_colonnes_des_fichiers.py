"""Chaque colonne du contrat : ce qu'elle accepte et ce que l'export en rend, sa valeur par défaut, ce qu'elle refuse, avec un remède."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from conventions.models import Bailleur, Reservataire
from flux_reservations.echanges.modele import en_texte
from flux_reservations.echanges.tableaux import TABLEAUX
from tests.contrat.cellules import BASES, CELLULES, CLES
from tests.contrat.phrases_des_fichiers import COLONNES
from tests.contrat.test_fichiers import colonnes_du_contrat
from tests.echanges.depot import SIREN, TOUT, comptes, erreurs, importer

pytestmark = pytest.mark.django_db
NOMBRE = 100


@pytest.fixture
def monde(tmp_path: Path) -> Path:
    """De quoi citer : logements P0 à P99, conventions K0 à K99 (Action Logement) et E0 à E99 (État), libérations X0 à X99."""
    lignes = range(NOMBRE)
    plus = {
        "reservataires": "code;nom;type\n" + "".join(f"R{i};Employeur {i};employeur\n" for i in lignes),
        "patrimoine": "bailleur;identifiant;commune;typologie\n" + "".join(f"{SIREN};P{i};94028;T3\n" for i in lignes),
        "conventions": "numero;bailleur;reservataire;departement\n"
        + "".join(f"K{i};{SIREN};AL;94\nE{i};{SIREN};ETAT94;94\n" for i in lignes),
        "liberations": "numero;logement;date_disponibilite\n" + "".join(f"X{i};P{i};2025-01-10\n" for i in lignes),
    }
    assert importer(tmp_path, TOUT).erreurs == []
    assert importer(tmp_path, plus).erreurs == []
    return tmp_path


def ecrire(lignes: Sequence[Mapping[str, str]]) -> str:
    """Le CSV de ces lignes ; une cellule qu'une ligne n'a pas est vide."""
    entete = list(dict.fromkeys(nom for ligne in lignes for nom in ligne))
    return "\n".join([";".join(entete), *(";".join(ligne.get(nom, "") for nom in entete) for ligne in lignes), ""])


def exporter(nom: str) -> dict[str, dict[str, str]]:
    """Ce que l'export écrit du tableau, par clé."""
    tableau: Any = next(tableau for tableau in TABLEAUX if tableau.nom == nom)()
    if nom == "reservataires":
        requete = Reservataire.objects.all()
        lignes = list(tableau.exporter_requete(requete, territoire=lambda un: un.territoire_id or ""))
    else:
        lignes = [ligne for bailleur in Bailleur.objects.all() for ligne in tableau.exporter(bailleur)]
    textes = [
        {colonne.nom: en_texte(colonne, ligne.get(colonne.nom)) for colonne in tableau.colonnes} for ligne in lignes
    ]
    return {texte[CLES[nom]].lstrip("'"): texte for texte in textes}


def ligne(nom: str, rang: int, **cellules: str) -> dict[str, str]:
    """La ligne de ce rang, avec ces cellules ; `{i}` y est son rang."""
    return BASES[nom](rang) | {colonne: cellule.replace("{i}", str(rang)) for colonne, cellule in cellules.items()}


def obligatoires(nom: str) -> set[str]:
    return {colonne for colonne, oblige in colonnes_du_contrat(COLONNES[nom]).items() if oblige}


def defauts(nom: str) -> dict[str, str]:
    """Ce que vaut une cellule vide de chaque colonne facultative."""
    return {colonne: une.vide for colonne, une in CELLULES[nom].items() if colonne not in obligatoires(nom)}


@pytest.mark.contrat("colonnes")
@pytest.mark.parametrize("nom", COLONNES)
def test_chaque_colonne_a_ses_cellules_d_essai(nom: str) -> None:
    assert CELLULES[nom].keys() == colonnes_du_contrat(COLONNES[nom]).keys()


@pytest.mark.contrat("colonnes", "dates", "decimales", "codes")
@pytest.mark.parametrize("nom", COLONNES)
def test_chaque_cellule_admise_est_lue_puis_exportee(monde: Path, nom: str) -> None:
    lignes, attendues = [], []
    for colonne, une in CELLULES[nom].items():
        for lue, rendue in une.bonnes.items():
            neuve = ligne(nom, len(lignes), **une.avec) | {colonne: lue}
            lignes.append(neuve)
            cle = rendue.lstrip("'") if colonne == CLES[nom] else neuve[CLES[nom]]
            attendues.append((cle, colonne, rendue))
    rapport = importer(monde, {nom: ecrire(lignes)})
    assert rapport.erreurs == []
    exportees = exporter(nom)
    assert [(cle, colonne, exportees[cle][colonne]) for cle, colonne, _ in attendues] == attendues


@pytest.mark.contrat("colonnes", "tout_ou_rien", "arrets", "taux")
@pytest.mark.parametrize("nom", COLONNES)
def test_chaque_cellule_fautive_est_dite_a_sa_place_avec_un_remede_et_rien_n_est_ecrit(monde: Path, nom: str) -> None:
    lignes, attendues = [], []
    for colonne, une in CELLULES[nom].items():
        for fautive in une.fautives:
            lignes.append(ligne(nom, len(lignes), **une.avec) | {colonne: fautive})
            attendues.append((len(lignes) + 1, colonne, fautive))
    avant = exporter(nom)
    rapport = importer(monde, {nom: ecrire(lignes)})
    assert erreurs(rapport) == attendues
    assert all(len(erreur.message) > 15 and erreur.message.endswith(".") for erreur in rapport.erreurs)
    assert {erreur.fichier for erreur in rapport.erreurs} == {f"{nom}.csv"}
    assert exporter(nom) == avant


@pytest.mark.contrat("colonnes", "colonne_obligatoire", "tout_ou_rien")
@pytest.mark.parametrize("nom", COLONNES)
def test_une_cellule_obligatoire_vide_est_une_erreur(monde: Path, nom: str) -> None:
    attendues = sorted(obligatoires(nom))
    lignes = [ligne(nom, rang) | {colonne: " "} for rang, colonne in enumerate(attendues)]
    rapport = importer(monde, {nom: ecrire(lignes)})
    assert [(erreur.ligne, erreur.colonne) for erreur in rapport.erreurs] == list(enumerate(attendues, start=2))
    assert {erreur.message for erreur in rapport.erreurs} == {"Valeur obligatoire : remplissez la cellule."}


@pytest.mark.contrat("colonne_obligatoire")
@pytest.mark.parametrize("nom", COLONNES)
def test_une_colonne_obligatoire_absente_est_une_erreur_a_l_en_tete(monde: Path, nom: str) -> None:
    for colonne in obligatoires(nom):
        reste = {autre: cellule for autre, cellule in ligne(nom, 0).items() if autre != colonne}
        rapport = importer(monde, {nom: ecrire([reste])})
        assert [(erreur.ligne, erreur.colonne) for erreur in rapport.erreurs] == [(1, colonne)]
        assert f"« {colonne} »" in rapport.erreurs[0].message


@pytest.mark.contrat("colonnes", "vide")
@pytest.mark.parametrize("nom", COLONNES)
def test_une_cellule_vide_et_une_colonne_absente_valent_le_defaut_a_la_creation(monde: Path, nom: str) -> None:
    vides = dict.fromkeys(defauts(nom), "")
    seule, avec_vides = ligne(nom, 0), ligne(nom, 1) | vides
    assert importer(monde, {nom: ecrire([seule])}).est_accepte
    assert importer(monde, {nom: ecrire([avec_vides])}).est_accepte
    exportees = exporter(nom)
    for une in (seule, avec_vides):
        rendue = exportees[une[CLES[nom]]]
        assert {colonne: rendue[colonne] for colonne in vides} == defauts(nom)


@pytest.mark.contrat("absente_ou_vide", "cles", "reimport")
@pytest.mark.parametrize("nom", COLONNES)
def test_une_colonne_absente_laisse_la_valeur_une_cellule_vide_l_efface(monde: Path, nom: str) -> None:
    """Une colonne à la fois, chacune sur sa ligne : créée, laissée, effacée."""
    pleines = [
        (
            ligne(nom, rang, **une.avec)
            | {colonne: next(lue for lue, rendue in une.bonnes.items() if rendue != une.vide)},
            colonne,
        )
        for rang, (colonne, une) in enumerate(CELLULES[nom].items())
        if colonne not in obligatoires(nom) and colonne not in DESIGNENT.get(nom, ())
    ]
    if not pleines:
        return
    fichier = {nom: ecrire([pleine for pleine, _ in pleines])}
    assert comptes(importer(monde, fichier))[nom] == (len(pleines), 0, 0)
    assert comptes(importer(monde, fichier))[nom] == (0, 0, len(pleines))
    gardees = exporter(nom)
    seules = [{colonne: pleine[colonne] for colonne in pleine if colonne in obligatoires(nom)} for pleine, _ in pleines]
    assert comptes(importer(monde, {nom: ecrire(seules)}))[nom] == (0, 0, len(pleines))
    assert exporter(nom) == gardees
    for seule, (pleine, colonne) in zip(seules, pleines, strict=True):
        assert comptes(importer(monde, {nom: ecrire([seule | {colonne: ""} | VIDES.get(colonne, {})])}))[nom] == (
            0,
            1,
            0,
        )
        assert exporter(nom)[pleine[CLES[nom]]][colonne] == CELLULES[nom][colonne].vide


DESIGNENT = {
    "reservations_stock": ("nature", "date_debut"),
    "soldes_ouverture": ("sous_contingent",),
    "droits": ("sous_contingent",),
}
"""Colonnes facultatives qui désignent la ligne : les vider en désigne une autre."""
VIDES: dict[str, dict[str, str]] = {
    "report_plafond": {"report": ""},
}
"""Ce qui se vide avec une colonne, pour que la ligne reste cohérente."""
