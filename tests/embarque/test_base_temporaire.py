"""`manage.py base_temporaire -- COMMANDE…`, par de vrais processus."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.embarque.aide import MANAGE, attendre, est_vivant, lancer_python, lire_ligne

REGARDER = (
    "import json, os, psycopg; c = psycopg.connect(os.environ['DATABASE_URL']); "
    "n = c.execute('SELECT count(*) FROM django_migrations').fetchone()[0]; c.close(); "
    "print(json.dumps({'migrations': n, 'dossier': os.getcwd(), 'reglages': os.environ.get('DJANGO_SETTINGS_MODULE')}))"
)


def _base_temporaire(*commande: str, dossier: Path | None = None) -> subprocess.Popen[str]:
    return lancer_python(MANAGE, "base_temporaire", *commande, dossier=dossier)


def test_la_base_est_migree_le_dossier_garde_et_la_sortie_intacte(tmp_path: Path) -> None:
    processus = _base_temporaire("--", sys.executable, "-c", REGARDER, dossier=tmp_path)
    sortie, erreurs = processus.communicate()
    vu = json.loads(sortie)
    assert vu["migrations"] > 0
    assert vu["dossier"] == str(tmp_path)
    assert vu["reglages"] is None
    assert erreurs == ""


def test_le_code_de_la_commande_est_rendu() -> None:
    processus = _base_temporaire("--", "sh", "-c", "exit 7")
    processus.communicate()
    assert processus.returncode == 7


def test_les_options_de_la_commande_lui_reviennent() -> None:
    processus = _base_temporaire("--", "echo", "--format", "json", "--", "-v")
    sortie, _erreurs = processus.communicate()
    assert sortie == "--format json -- -v\n"


@pytest.mark.parametrize("arguments", [[], ["--"], ["--inconnue", "--", "true"]])
def test_mal_appelee_elle_rend_2(arguments: list[str]) -> None:
    processus = _base_temporaire(*arguments)
    _sortie, erreurs = processus.communicate()
    assert processus.returncode == 2
    assert "Traceback" not in erreurs


def test_deux_bases_ne_se_voient_pas() -> None:
    processus = [_base_temporaire("--", "sh", "-c", "echo $DATABASE_URL; sleep 0.5") for _ in range(2)]
    adresses = {p.communicate()[0] for p in processus}
    assert len(adresses) == 2
    assert all(p.returncode == 0 for p in processus)


def _attendre_la_commande(processus: subprocess.Popen[str]) -> tuple[int, Path]:
    """Le numéro de la commande en cours, et le dossier de sa base."""
    numero, adresse = lire_ligne(processus).split(" ", 1)
    return int(numero), Path(adresse.partition("host=")[2].partition("/postgresql")[0])


COMMANDE = ("--", "sh", "-c", "echo $$ $DATABASE_URL; sleep 60")


def test_tuee_elle_ne_laisse_rien_tourner() -> None:
    processus = _base_temporaire(*COMMANDE)
    commande, dossier = _attendre_la_commande(processus)
    serveur = int((dossier / "postgresql" / "postmaster.pid").read_text().split()[0])
    processus.kill()
    processus.communicate()
    attendre(lambda: not est_vivant(commande), "l'arrêt de la commande")
    attendre(lambda: not est_vivant(serveur), "l'arrêt de PostgreSQL")


@pytest.mark.parametrize("arret", [signal.SIGTERM, signal.SIGINT])
def test_un_signal_arrete_tout_et_efface_le_dossier(arret: signal.Signals) -> None:
    processus = _base_temporaire(*COMMANDE)
    commande, dossier = _attendre_la_commande(processus)
    processus.send_signal(arret)
    processus.communicate()
    assert processus.returncode == 128 + arret
    assert not est_vivant(commande)
    assert not dossier.exists()
