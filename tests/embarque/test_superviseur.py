"""Le superviseur, avec de faux services : ce qui meurt est relancé, ce qui s'arrête s'arrête dans l'ordre."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from tests.embarque.aide import attendre, est_vivant, lancer_python, lire_ligne

PROGRAMME = """
import signal, sys
from pathlib import Path
from flux_reservations.embarque import superviseur
from flux_reservations.embarque.service import Service

class Dormeur(Service):
    def __init__(self, nom, rang, commande):
        super().__init__(nom, Path(sys.argv[1]) / "journal.log")
        self.rang_d_arret = rang
        self._commande = commande
    def commande(self):
        return self._commande

superviseur.PAUSE_INITIALE = 0.05
s = superviseur.Superviseur(lambda ligne: print(ligne, flush=True))
signal.pthread_sigmask(signal.SIG_BLOCK, {*superviseur.ARRET, signal.SIGCHLD})
s.ajouter(Dormeur("base", 1, ["sleep", "60"]))
s.ajouter(Dormeur("web", 0, ["sleep", "60"]))
s.surveiller()
s.arreter()
"""


def _demarrer(tmp_path: Path) -> tuple[subprocess.Popen[str], int, int]:
    processus = lancer_python("-c", PROGRAMME, tmp_path)
    return processus, _numero(lire_ligne(processus)), _numero(lire_ligne(processus))


def _numero(ligne: str) -> int:
    return int(ligne.partition("(processus ")[2].rstrip(")."))


def test_un_mort_est_relance(tmp_path: Path) -> None:
    superviseur, base, web = _demarrer(tmp_path)
    os.kill(web, signal.SIGKILL)
    assert "web : mort (code -9)" in lire_ligne(superviseur)
    relance = _numero(lire_ligne(superviseur))
    assert est_vivant(relance)
    assert est_vivant(base)
    superviseur.send_signal(signal.SIGTERM)
    superviseur.communicate()


def test_l_application_s_arrete_avant_la_base(tmp_path: Path) -> None:
    superviseur, base, web = _demarrer(tmp_path)
    superviseur.send_signal(signal.SIGTERM)
    sortie, _erreurs = superviseur.communicate()
    assert sortie.splitlines() == ["Arrêt demandé (SIGTERM).", "web : arrêté.", "base : arrêté."]
    assert superviseur.returncode == 0
    assert not est_vivant(base)
    assert not est_vivant(web)


def test_tue_il_n_oublie_aucun_enfant(tmp_path: Path) -> None:
    superviseur, base, web = _demarrer(tmp_path)
    superviseur.kill()
    superviseur.communicate()
    attendre(lambda: not est_vivant(base) and not est_vivant(web), "la mort des enfants")
