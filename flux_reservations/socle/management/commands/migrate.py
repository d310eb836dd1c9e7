"""`migrate`, en propriétaire : crée le rôle applicatif, migre, puis lui donne ses droits."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from flux_reservations.socle.postgresql.base import en_proprietaire
from flux_reservations.socle.roles import accorder_droits, creer_roles


class Command(migrate.Command):
    """Migration de Django, précédée et suivie de ce qu'exige le rôle non propriétaire."""

    def execute(self, *args: Any, **options: Any) -> Any:
        """Tout, vérifications comprises, en propriétaire : sur une base neuve les rôles n'existent pas encore."""
        with en_proprietaire(options["database"]):
            return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        """Crée les rôles, migre, accorde les droits."""
        connexion = connections[options["database"]]
        creer_roles(connexion)
        super().handle(*args, **options)
        accorder_droits(connexion)
