"""Le droit, le commun et les domaines se lisent et s'exécutent sans Django : un juriste peut les prendre à part."""

from __future__ import annotations

import subprocess
import sys

import pytest

from flux_reservations.embarque.empreinte import RACINE
from tests.depot.arbre import importes, modules

PURS = ("flux_reservations/droit/", "flux_reservations/commun/")
TOLERES = {"networkx"}
INTERDITS = ("django", "rest_framework", "celery", "psycopg", "weasyprint", "openpyxl", "redis")
SANS_EUX = f"""
import importlib, sys
class Gardien:
    def find_spec(self, nom, chemin=None, cible=None):
        if nom.partition(".")[0] in {INTERDITS!r}:
            raise ImportError(nom + " est interdit ici")
sys.meta_path.insert(0, Gardien())
for module in sys.argv[1:]:
    importlib.import_module(module)
"""


def _purs() -> list[str]:
    return [nom for nom in modules() if nom.startswith(PURS) or "/domaine/" in nom]


def _module(nom: str) -> str:
    return nom.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_l_anneau_pur_s_importe_quand_django_est_interdit() -> None:
    resultat = subprocess.run(
        [sys.executable, "-c", SANS_EUX, *map(_module, _purs())],
        cwd=RACINE,
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(RACINE)},
    )
    assert resultat.returncode == 0, resultat.stderr


@pytest.mark.parametrize("nom", _purs())
def test_un_module_pur_n_importe_que_la_bibliotheque_standard(nom: str) -> None:
    racines = {importe.partition(".")[0] for importe in importes(nom)}
    etrangers = (
        racines - sys.stdlib_module_names - TOLERES - {"flux_reservations", "conventions", "attributions", "bilans"}
    )
    assert not etrangers
    du_projet = {
        importe
        for importe in importes(nom)
        if importe.startswith(("flux_reservations", "conventions", "attributions", "bilans"))
    }
    assert all(
        importe.startswith(("flux_reservations.droit", "flux_reservations.commun")) or ".domaine" in importe
        for importe in du_projet
    )
