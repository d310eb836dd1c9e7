"""`flush`, en propriétaire : vider les tables n'est pas un droit de l'application."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush

from flux_reservations.socle.postgresql.base import en_proprietaire


class Command(flush.Command):
    """Vidage de Django, en propriétaire des tables."""

    def handle(self, **options: Any) -> None:
        """Vide la base en propriétaire."""
        with en_proprietaire(options["database"]):
            super().handle(**options)
