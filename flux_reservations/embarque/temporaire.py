"""Une base PostgreSQL temporaire et migrée, et la commande qui s'y exécute."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from flux_reservations.embarque import gardien
from flux_reservations.embarque.dossiers import dossier_temporaire
from flux_reservations.embarque.migration import demarrer_migre
from flux_reservations.embarque.postgresql import PostgreSQL
from flux_reservations.embarque.processus import lancer

REGLAGES_PAR_DEFAUT = "flux_reservations.settings.dev"
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption(BaseException):
    """Un signal d'arrêt est arrivé pendant la préparation : on défait ce qui est fait."""

    def __init__(self, numero: int) -> None:
        """`numero` : le signal reçu."""
        super().__init__(numero)
        self.code = 128 + numero


@contextmanager
def base_temporaire() -> Iterator[str]:
    """Un PostgreSQL embarqué, migré, jeté à la sortie ; rend son adresse. Plusieurs peuvent tourner à la fois."""
    with dossier_temporaire() as dossier:
        serveur = PostgreSQL(dossier, durable=False)
        try:
            demarrer_migre(serveur)
            yield serveur.url
        finally:
            serveur.arreter()


def executer_dans_une_base(commande: Sequence[str]) -> int:
    """Exécute `commande` avec `DATABASE_URL` vers une base temporaire ; rend son code de sortie."""
    for numero in INTERRUPTIONS:
        signal.signal(numero, _interrompre)
    try:
        with base_temporaire() as url:
            signal.pthread_sigmask(signal.SIG_BLOCK, {*gardien.RELAYES, signal.SIGCHLD})
            processus = lancer(
                [sys.executable, "-I", "-S", Path(gardien.__file__), *commande],
                groupe_a_part=False,
                environnement=_environnement(url),
            )
            # Les signaux restent bloqués jusqu'à la sortie : rien n'interrompt le ménage.
            return gardien.attendre_en_relayant(processus)
    except Interruption as interruption:
        return interruption.code


def _interrompre(numero: int, _cadre: FrameType | None) -> None:
    for autre in INTERRUPTIONS:
        signal.signal(autre, signal.SIG_IGN)
    raise Interruption(numero)


def _environnement(url: str) -> dict[str, str]:
    """Le nôtre, avec la base ; sans les réglages que `manage.py` a choisis par défaut, qui ne sont pas ceux de l'appelant."""
    environnement = dict(os.environ, DATABASE_URL=url)
    if environnement.get("DJANGO_SETTINGS_MODULE") == REGLAGES_PAR_DEFAUT:
        del environnement["DJANGO_SETTINGS_MODULE"]
    return environnement
