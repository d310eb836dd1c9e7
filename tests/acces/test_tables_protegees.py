"""Toute table est protégée par des politiques de lignes, ou dite publique avec sa raison ; chaque élévation est connue."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

RACINE = Path(__file__).resolve().parents[2]
SANS_POLITIQUE = {
    "territoires_": "référentiel national, public",
    "django_": "technique de Django ; une session est une clé aléatoire",
    "auth_": "groupes et permissions de Django, inutilisés",
    "notifications_courriel": "boîte de la démonstration, inexistante ailleurs",
    "axes_": "essais de connexion, lus par le système seul",
}
PRISES = {"rls.en_systeme", "en_systeme", "rls.SYSTEME"}
ELEVATIONS = {
    "flux_reservations/socle/journal.py": "la chaîne d'un bailleur s'allonge des actes d'un réservataire",
    "flux_reservations/socle/rls.py": "définition",
    "flux_reservations/acces/consultations.py": "le registre s'écrit en système : personne n'y touche",
    "flux_reservations/acces/courriels_secrets.py": "un courriel qui porte un secret s'écrit, et n'est relu de personne",
    "flux_reservations/acces/boites.py": "le bailleur écrit à la boîte du secteur sans lire le découpage du réservataire",
    "attributions/actions/lot.py": "un réservataire qui rend un logement fait revoir le lot du bailleur sans le lire",
    "bilans/portail_detail.py": "le détail d'un contrôle : des totaux par commune ou par compte, aucun logement",
    "bilans/portail.py": "droits et soldes : le calcul lit tout le flux, le portail n'en rend que ce qui regarde l'acteur",
    "conventions/actions/manquements.py": "la résiliation du préfet s'impose à une convention dont l'État n'est pas partie",
    "flux_reservations/echanges/registre/usage.py": "ce qui dépend d'un organisme : des nombres ; et, à zéro, sa suppression",
    "flux_reservations/echanges/retour.py": "les traces sont au système ; il en sort un oui ou un non : une version signée est touchée",
    "conventions/chargement_transmissions.py": "ce qui manque : numéro, parties, date, nombre de droits, rien d'autre",
}


@pytest.mark.django_db
def test_toute_table_a_ses_politiques_de_lignes() -> None:
    with connection.cursor() as curseur:
        curseur.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relrowsecurity")
        protegees = {nom for (nom,) in curseur.fetchall()}
    tables = {modele._meta.db_table for modele in apps.get_models(include_auto_created=True) if modele._meta.managed}
    oubliees = {table for table in tables - protegees if not table.startswith(tuple(SANS_POLITIQUE))}
    assert not oubliees, (
        f"Tables sans politique de lignes : {sorted(oubliees)}. Ajoutez une migration `proteger(...)` "
        "(flux_reservations/socle/rls.py), miroir du `visibles_par` du modèle."
    )


def test_le_contexte_du_systeme_n_est_pris_que_la_ou_c_est_dit() -> None:
    fautives = []
    for chemin in sorted(RACINE.rglob("*.py")):
        relatif = chemin.relative_to(RACINE).as_posix()
        if (
            relatif.startswith((".venv", "tests/"))
            or "/management/" in relatif
            or "/migrations/" in relatif
            or relatif in ELEVATIONS
        ):
            continue
        for noeud in ast.walk(ast.parse(chemin.read_text())):
            if isinstance(noeud, ast.Attribute | ast.Name) and ast.unparse(noeud) in PRISES:
                fautives.append(f"{relatif}:{noeud.lineno}")  # noqa: PERF401 : la condition se lit mieux ainsi
    assert not fautives, f"Élévations non déclarées : {fautives}. Ajoutez le fichier à ELEVATIONS, avec sa raison."
