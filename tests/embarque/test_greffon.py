"""Le greffon de pytest donne de vrais serveurs à qui n'en a pas, et les arrête."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from flux_reservations.embarque.empreinte import RACINE
from tests.embarque.aide import environnement_nu, processus_citant

ESSAI = """
import os, pathlib
import psycopg, redis

def test_les_serveurs_repondent():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connexion:
        assert connexion.execute("SELECT 1").fetchone() == (1,)
    client = redis.Redis(unix_socket_path=os.environ["REDIS_URL"].removeprefix("redis+socket://"))
    assert client.ping()
    client.close()
    pathlib.Path("adresses").write_text(os.environ["DATABASE_URL"] + "\\n" + os.environ["REDIS_URL"])
"""


def _passer(dossier: Path, **environnement: str) -> subprocess.CompletedProcess[str]:
    (dossier / "test_essai.py").write_text(ESSAI)
    (dossier / "pytest.ini").write_text("[pytest]\n")
    greffons = ["-p", "flux_reservations.embarque.greffon_pytest", "-p", "no:django", "-p", "no:schemathesis"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *greffons],
        check=False,
        capture_output=True,
        text=True,
        cwd=dossier,
        env=environnement_nu(PYTHONPATH=str(RACINE), **environnement),
    )


def test_les_serveurs_repondent_pendant_les_essais_et_s_arretent_apres(tmp_path: Path) -> None:
    resultat = _passer(tmp_path)
    assert resultat.returncode == 0, resultat.stdout
    base, courtier = (tmp_path / "adresses").read_text().splitlines()
    assert not processus_citant(base.partition("host=")[2].partition("&")[0])
    assert not Path(courtier.removeprefix("redis+socket://")).exists()


def test_une_base_donnee_est_gardee(tmp_path: Path) -> None:
    resultat = _passer(tmp_path, DATABASE_URL="postgresql://personne@/nulle?host=/nulle-part")
    assert "nulle-part" in resultat.stdout
    assert resultat.returncode == 1
