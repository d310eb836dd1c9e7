"""`manage.py demo`, entière : vrais serveurs, vrai ouvrier, vraie page ; tués, ils reviennent, ou ne restent pas."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from flux_reservations.embarque.preparation import DONNEES_EN_PLACE
from tests.embarque.aide import MANAGE, attendre, lancer_python, lire_ligne, processus_citant

Demo = tuple["subprocess.Popen[str]", int, list[str]]


def _port_libre() -> int:
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        return int(prise.getsockname()[1])


def _repond(port: int) -> bool:
    connexion = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connexion.request("GET", "/")
        return connexion.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connexion.close()


def _lire_jusqu_a(processus: subprocess.Popen[str], debut: str) -> list[str]:
    """Les lignes lues jusqu'à celle qui commence par `debut`, comprise."""
    lignes = []
    while ligne := lire_ligne(processus):
        lignes.append(ligne)
        if ligne.startswith(debut):
            return lignes
    processus.wait()
    raise AssertionError("\n".join([*lignes, processus.stderr.read()]))


def _numero_de(lignes: list[str], service: str) -> int:
    ligne = next(ligne for ligne in reversed(lignes) if f"  {service} : " in ligne and "(processus " in ligne)
    return int(ligne.partition("(processus ")[2].rstrip(")."))


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Une démonstration sans données, prête, et ce qu'elle a dit."""
    (tmp_path / "etapes").mkdir()
    (tmp_path / "etapes" / "donnees").write_text(DONNEES_EN_PLACE)
    port = _port_libre()
    processus = lancer_python(MANAGE, "demo", "--port", str(port), "--dossier", tmp_path)
    lignes = _lire_jusqu_a(processus, f"Prêt : http://127.0.0.1:{port}")
    yield processus, port, lignes
    if processus.poll() is None:
        processus.kill()
    processus.communicate()
    attendre(lambda: not processus_citant(str(tmp_path)), "la fin de tous les processus de la démonstration")


def test_la_demonstration_resiste_aux_morts_et_s_arrete_proprement(demo: Demo, tmp_path: Path) -> None:
    """Un seul essai pour tout le scénario : démarrer coûte plusieurs secondes."""
    processus, port, lignes = demo
    attendre(lambda: _repond(port), "la page d'accueil")
    for service in ("PostgreSQL", "Web"):
        os.kill(_numero_de(lignes, service), signal.SIGKILL)
        while not any(f"{service} : relancé" in ligne for ligne in lignes):
            lignes.append(lire_ligne(processus))
        attendre(lambda: _repond(port), f"la page après la mort de {service}")
    processus.send_signal(signal.SIGTERM)
    sortie, erreurs = processus.communicate()
    assert processus.returncode == 0
    assert erreurs == ""
    assert [ligne.partition("  ")[2] for ligne in sortie.splitlines()][-6:] == [
        "Web : arrêté.",
        "Ouvrier : arrêté.",
        "Appels : arrêté.",
        "Échéancier : arrêté.",
        "PostgreSQL : arrêté.",
        "Valkey : arrêté.",
    ]
    assert not processus_citant(str(tmp_path))


def test_un_port_pris_est_dit_sans_trace(tmp_path: Path) -> None:
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        prise.listen()
        processus = lancer_python(MANAGE, "demo", "--port", str(prise.getsockname()[1]), "--dossier", tmp_path)
        _sortie, erreurs = processus.communicate()
    assert processus.returncode == 1
    assert erreurs.startswith("Erreur : Le port")
    assert "Traceback" not in erreurs


@pytest.mark.parametrize("arguments", [["--port", "0"], ["--port", "abc"], ["--inconnue"]])
def test_mal_appelee_elle_rend_2(arguments: list[str]) -> None:
    processus = lancer_python(MANAGE, "demo", *arguments)
    processus.communicate()
    assert processus.returncode == 2


def test_tuee_la_demonstration_ne_laisse_rien_tourner(demo: Demo) -> None:
    processus, _port, lignes = demo
    assert _numero_de(lignes, "Ouvrier")
    processus.kill()
    # La fin de la fixture attend qu'aucun processus ne cite le dossier.
