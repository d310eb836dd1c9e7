"""`migrate`, en propriétaire : crée le rôle applicatif, migre, puis lui donne ses droits."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from flux_reservations.socle.postgresql.base import en_proprietaire
from flux_reservations.socle.roles import accorder_droits, creer_role


class Command(migrate.Command):
    """Migration de Django, précédée et suivie de ce qu'exige le rôle non propriétaire."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migre en propriétaire."""
        connexion = connections[options["database"]]
        with en_proprietaire(connexion):  # type: ignore[arg-type]  # le moteur est le nôtre
            creer_role(connexion)
            super().handle(*args, **options)
            accorder_droits(connexion)
