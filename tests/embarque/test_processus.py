"""Un enfant ne survit pas à son parent, même tué par -9."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from flux_reservations.embarque.processus import attendre_l_arret, lancer, processus_dans
from tests.embarque.aide import attendre, est_vivant, lancer_python, lire_ligne

PARENT = """
import time
from flux_reservations.embarque.processus import lancer
print(lancer(["sleep", "60"]).pid, flush=True)
time.sleep(60)
"""


def test_un_enfant_meurt_avec_son_parent_tue() -> None:
    parent = lancer_python("-c", PARENT)
    enfant = int(lire_ligne(parent))
    assert est_vivant(enfant)
    parent.kill()
    parent.communicate()
    attendre(lambda: not est_vivant(enfant), "la mort de l'enfant")


@pytest.mark.parametrize("signal_de_deuil", ["SIGINT", "SIGQUIT", "SIGTERM"])
def test_lance_en_arriere_plan_le_parent_n_apprend_pas_a_l_enfant_a_ignorer_les_signaux(signal_de_deuil: str) -> None:
    """« make demo & » : l'interpréteur fait ignorer SIGINT et SIGQUIT, et cela s'hérite."""
    lancement = PARENT.replace('"60"]', f'"60"], signal_de_deuil=signal.{signal_de_deuil}')
    sourd = f"import signal; signal.signal(signal.{signal_de_deuil}, signal.SIG_IGN)\n" + lancement
    parent = lancer_python("-c", sourd)
    enfant = int(lire_ligne(parent))
    parent.kill()
    parent.communicate()
    attendre(lambda: not est_vivant(enfant), "la mort de l'enfant")


def test_un_enfant_est_hors_du_groupe_du_clavier() -> None:
    enfant = lancer(["sleep", "60"])
    try:
        assert os.getpgid(enfant.pid) == enfant.pid != os.getpgrp()
    finally:
        enfant.kill()
        enfant.wait()


def test_un_enfant_qui_n_obeit_pas_est_tue(tmp_path: Path) -> None:
    temoin = tmp_path / "pret"
    enfant = lancer(["sh", "-c", f"trap '' TERM; touch {temoin}; while :; do sleep 1; done"])
    attendre(temoin.exists, "le piège posé")
    enfant.send_signal(signal.SIGTERM)
    assert not attendre_l_arret(enfant, 0.2)
    assert enfant.returncode == -signal.SIGKILL


def test_les_processus_d_un_dossier_se_reconnaissent(tmp_path: Path) -> None:
    enfant = lancer(["sleep", "60"], dossier=tmp_path)
    try:
        attendre(lambda: processus_dans(tmp_path) == [enfant.pid], "le processus vu dans son dossier")
    finally:
        enfant.kill()
        enfant.wait()
    assert processus_dans(tmp_path) == []
