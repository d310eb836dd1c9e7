"""`demo [--port 8000] [--dossier DOSSIER]` : toute l'application avec des données réalistes, gardées dans le dossier."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from flux_reservations.commun.cles import lire_entier
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.embarque.demonstration import executer_la_demonstration

PORT_MAXIMAL = 65_535


def _port(texte: str) -> int:
    port = lire_entier(texte)
    if port is None or not 0 < port <= PORT_MAXIMAL:
        raise argparse.ArgumentTypeError(f"{texte!r} n'est pas un port (1 à {PORT_MAXIMAL})")
    return port


class Command(BaseCommand):
    """Rend 0 après un arrêt demandé, 1 si la démonstration ne peut pas démarrer, 2 si la commande est mal appelée."""

    help = "Démarre toute l'application avec des données fictives ; Ctrl-C arrête tout."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Le port et le dossier."""
        parser.add_argument("--port", type=_port, default=8000, help="port local (8000)")
        parser.add_argument("--dossier", type=Path, default=None, help="où garder la base et les pièces (var/demo)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exécute jusqu'à l'arrêt."""
        del args
        dossier = options["dossier"] or Path(settings.BASE_DIR) / "var" / "demo"
        try:
            executer_la_demonstration(dossier.absolute(), options["port"], self._dire)
        except ErreurMetier as erreur:
            self.stderr.write(f"Erreur : {erreur.message}")
            sys.exit(1)

    def _dire(self, ligne: str) -> None:
        texte = ligne if ligne.startswith("Prêt") else f"{time.strftime('%H:%M:%S')}  {ligne}"
        self.stdout.write(texte)
        self.stdout.flush()
