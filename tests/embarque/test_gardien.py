"""Le gardien : le code de la commande, les signaux, et rien qui traîne derrière elle."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flux_reservations.embarque import gardien
from tests.embarque.aide import attendre, est_vivant, lancer_python, lire_ligne

GARDIEN = Path(gardien.__file__)


def _garder(*commande: str | Path) -> subprocess.Popen[str]:
    return lancer_python("-I", "-S", GARDIEN, *commande)


@pytest.mark.parametrize(
    ("commande", "code"),
    [
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -9 $$"], 137),
        (["commande-qui-n-existe-pas"], 127),
        (["/"], 126),
    ],
)
def test_le_code_est_celui_de_la_commande(commande: list[str], code: int) -> None:
    processus = _garder(*commande)
    processus.communicate()
    assert processus.returncode == code


def test_un_signal_est_relaye() -> None:
    processus = _garder("sh", "-c", "trap 'exit 9' TERM; echo pret; while :; do sleep 0.05; done")
    assert lire_ligne(processus) == "pret"
    processus.send_signal(signal.SIGTERM)
    processus.communicate()
    assert processus.returncode == 9


def test_ce_que_la_commande_laisse_derriere_elle_est_arrete() -> None:
    processus = _garder("sh", "-c", "setsid sleep 60 >/dev/null 2>&1 & echo $!")
    reste = int(lire_ligne(processus))
    processus.communicate()
    assert processus.returncode == 0
    attendre(lambda: not est_vivant(reste), "l'arrêt du reste")


def test_les_petits_enfants_meurent_quand_le_parent_du_gardien_est_tue() -> None:
    source = (
        f"import subprocess, time; subprocess.Popen([{sys.executable!r}, '-I', '-S', {str(GARDIEN)!r}, "
        "'sh', '-c', 'sleep 60 & echo $!; wait']); time.sleep(60)"
    )
    parent = lancer_python("-c", source)
    petit_enfant = int(lire_ligne(parent))
    assert est_vivant(petit_enfant)
    parent.kill()
    parent.communicate()
    attendre(lambda: not est_vivant(petit_enfant), "la mort du petit-enfant")
