"""Les processus de l'application sous la démonstration : gunicorn, deux ouvriers Celery, leur échéancier."""

from __future__ import annotations

import http.client
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from flux_reservations.embarque.empreinte import RACINE
from flux_reservations.embarque.service import Service

HOTE = "127.0.0.1"
DELAI_DE_SONDE = 10.0


class Processus(Service):
    """Un processus Python du projet, lancé depuis sa racine avec l'environnement de la démonstration."""

    delai_d_arret: ClassVar[float] = 20.0
    rang_d_arret: ClassVar[int] = 0

    def __init__(self, nom: str, journal: Path, environnement: Mapping[str, str], module: Sequence[str | Path]) -> None:
        """`module` : le module Python à exécuter et ses arguments."""
        super().__init__(nom, journal)
        self._environnement = environnement
        self._module = module

    def commande(self) -> Sequence[str | Path]:
        """L'interpréteur courant, sur le module."""
        return [sys.executable, "-m", *self._module]

    def environnement(self) -> Mapping[str, str]:
        """Celui de la démonstration."""
        return self._environnement

    def dossier_courant(self) -> Path:
        """La racine du projet : les paquets s'y trouvent."""
        return RACINE


class Ouvrier(Processus):
    """L'ouvrier Celery. À la mort du superviseur, arrêt à froid : la tâche en cours sera redonnée (`acks_late`)."""

    signal_de_deuil: ClassVar[signal.Signals] = signal.SIGQUIT


class Web(Processus):
    """Le serveur HTTP : prêt quand une vraie page répond."""

    delai_de_demarrage: ClassVar[float] = 60.0

    def __init__(self, journal: Path, environnement: Mapping[str, str], port: int) -> None:
        """`port` : celui de l'adresse locale."""
        reglages = ["--bind", f"{HOTE}:{port}", "--workers", "2", "--threads", "4", "--preload", "--no-control-socket"]
        reglages += ["--graceful-timeout", "10"]
        super().__init__("Web", journal, environnement, ["gunicorn", *reglages, "flux_reservations.wsgi"])
        self._port = port

    def repond(self) -> bool:
        """La page d'accueil répond sans erreur."""
        connexion = http.client.HTTPConnection(HOTE, self._port, timeout=DELAI_DE_SONDE)
        try:
            connexion.request("GET", "/")
            return connexion.getresponse().status < http.HTTPStatus.BAD_REQUEST
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connexion.close()


def ouvrier(journaux: Path, environnement: Mapping[str, str]) -> Processus:
    """L'ouvrier : deux tâches à la fois."""
    options = ["worker", "--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    module: list[str | Path] = ["celery", "-A", "flux_reservations", *options]
    return Ouvrier("Ouvrier", journaux / "ouvrier.log", environnement, module)


def ouvrier_des_appels(journaux: Path, environnement: Mapping[str, str]) -> Processus:
    """L'ouvrier des appels automatiques, à part : un logiciel lent ne retarde que les siens."""
    options = ["worker", "-Q", "appels", "--pool", "threads", "--concurrency", "4", "--loglevel", "INFO"]
    options += ["--without-gossip", "--without-mingle", "-n", "appels@%h"]
    module: list[str | Path] = ["celery", "-A", "flux_reservations", *options]
    return Ouvrier("Appels", journaux / "appels.log", environnement, module)


def echeancier(journaux: Path, environnement: Mapping[str, str], dossier: Path) -> Processus:
    """L'échéancier, qui se souvient de ses derniers passages dans `dossier`."""
    options: list[str | Path] = ["beat", "--schedule", dossier / "echeancier", "--pidfile=", "--loglevel", "INFO"]
    return Processus(
        "Échéancier", journaux / "echeancier.log", environnement, ["celery", "-A", "flux_reservations", *options]
    )
