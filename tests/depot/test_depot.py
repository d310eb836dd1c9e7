"""Ce que le dépôt contient, comment il se nomme, ce qu'il ne doit pas dire."""

from __future__ import annotations

import ast
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.depot.arbre import arbre, chemin, essais, fichiers_suivis, importes, modules, noeuds, situer

NOMS_INTERDITS = {"utils", "helpers", "services", "selectors", "misc", "tools", "common"}
TEXTES = (
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".html",
    ".css",
    ".js",
    ".yml",
    ".sh",
    ".json",
    ".csv",
    "Makefile",
    "Dockerfile",
    "run",
)
# Écrits en morceaux : ce fichier ne doit pas se dénoncer lui-même.
DE_LA_MACHINE = re.compile(
    "|".join(["/" + "work" + "/", "/" + "root" + "/", "/" + "home" + r"/\w", "farm" + "-", r"\bduplicates" + " --"])
)
HOTES_DE_REGISTRE = re.compile(
    "|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", "npmjs" + r"\.(org|com)", "deb" + r"\.debian\.org"])
)
# Ce dont une migration peut dépendre sans fausser l'empreinte du schéma (embarque/empreinte.py).
IMPORTS_DE_MIGRATION = re.compile(
    r"^(__future__|typing|uuid|datetime|decimal|re|collections\.abc|psycopg.*|django\..*|flux_reservations\.(socle|territoires|droit|commun)(\..*)?"
    r"|.*\.(domaine|models|migrations)(\..*)?)$"
)


def _textes() -> list[str]:
    return [
        nom
        for nom in fichiers_suivis()
        if nom.endswith(TEXTES) and not nom.startswith(("tests/cas/", "tests/donnees/"))
    ]


def test_aucun_chemin_de_machine_ni_hote_de_registre() -> None:
    fautes = []
    for nom in _textes():
        for numero, ligne in enumerate(chemin(nom).read_text(encoding="utf-8").splitlines(), 1):
            if DE_LA_MACHINE.search(ligne) or HOTES_DE_REGISTRE.search(ligne):
                fautes.append(f"{nom}:{numero}")
    assert not fautes


def test_aucun_lien_symbolique() -> None:
    """Un lien suivi par git mène hors du dépôt dès qu'il change de machine."""
    assert not [nom for nom in fichiers_suivis() if chemin(nom).is_symlink()]


def test_aucun_module_fourre_tout() -> None:
    fautes = [nom for nom in modules() if NOMS_INTERDITS & set(nom.removesuffix(".py").split("/"))]
    assert not fautes


def test_tout_module_public_se_presente() -> None:
    assert not [nom for nom in modules() if chemin(nom).read_text().strip() and not ast.get_docstring(arbre(nom))]


@pytest.mark.parametrize("nom", [nom for nom in fichiers_suivis() if re.search(r"/migrations/\d{4}_", nom)])
def test_une_migration_a_un_nom(nom: str) -> None:
    assert not re.search(r"_(auto_\d|alter_|remove_)|_and_more", nom), "nommez-la : makemigrations APP -n nom_parlant"


@pytest.mark.parametrize("nom", [nom for nom in fichiers_suivis() if re.search(r"/migrations/\d{4}_", nom)])
def test_une_migration_ne_depend_que_de_ce_que_l_empreinte_du_schema_couvre(nom: str) -> None:
    assert not {importe for importe in importes(nom) if importe != "django" and not IMPORTS_DE_MIGRATION.match(importe)}


@pytest.mark.django_db
def test_aucune_migration_ne_manque() -> None:
    sortie = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=sortie, stderr=sortie)


def test_aucun_essai_n_est_saute() -> None:
    noms = {"skip", "skipif", "xfail", "importorskip"}
    fautes = [
        situer(nom, noeud)
        for nom in essais()
        for noeud in noeuds(nom)
        if isinstance(noeud, ast.Attribute) and noeud.attr in noms and "pytest" in ast.unparse(noeud)
    ]
    assert not fautes


def test_rien_n_est_laisse_a_faire() -> None:
    mots = re.compile(
        r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "raise NotImplemented" + "Error"]) + r")\b"
    )
    fautes = [nom for nom in modules(avec_migrations=True) + essais() if mots.search(chemin(nom).read_text())]
    assert not fautes


def test_aucun_silence_de_type_sans_raison() -> None:
    motif = re.compile(r"#\s*type:\s*ignore(?!\[[\w-]+(, ?[\w-]+)*\]\s+#\s*\S)")
    fautes = [
        f"{nom}:{numero}"
        for nom in modules()
        for numero, ligne in enumerate(chemin(nom).read_text().splitlines(), 1)
        if motif.search(ligne)
    ]
    assert not fautes, "# type: ignore[code]  # raison"


@pytest.mark.parametrize("nom", [nom for nom in fichiers_suivis() if nom.endswith(".md")])
def test_ce_qu_un_document_montre_ou_cite_est_dans_le_depot(nom: str) -> None:
    """Une image ignorée de git (« captures/ ») ne se voit que chez qui l'a prise."""
    suivis = set(fichiers_suivis())
    liens = re.findall(r"\]\(([^)#\s]+)", chemin(nom).read_text(encoding="utf-8"))
    locaux = [lien for lien in liens if not re.match(r"[a-z]+:|/|{", lien)]
    assert not [lien for lien in locaux if str(Path(nom).parent / lien) not in suivis]
