"""`base_temporaire -- COMMANDE…` : exécute une commande avec une base PostgreSQL embarquée, migrée, jetée à la fin."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.embarque.temporaire import executer_dans_une_base


class Command(BaseCommand):
    """Rend le code de sortie de COMMANDE ; 1 si la base n'a pas pu démarrer, 2 si la commande est mal appelée."""

    help = "Exécute COMMANDE avec DATABASE_URL vers un PostgreSQL embarqué temporaire, migré, arrêté à la fin."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """La commande, après `--`."""
        parser.usage = "manage.py base_temporaire -- COMMANDE…"
        parser.add_argument("commande", nargs="+", metavar="COMMANDE", help="la commande et ses arguments, après --")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exécute et sort avec le code de la commande."""
        del args
        try:
            code = executer_dans_une_base(options["commande"])
        except ErreurMetier as erreur:
            self.stderr.write(f"Erreur : {erreur.message}")
            code = 1
        sys.exit(code)
