"""Connexion PostgreSQL : l'application n'est jamais propriétaire des tables qu'elle lit et écrit.

Le rôle applicatif (réglage `ROLE_APPLICATION`) est pris à l'ouverture de chaque connexion. Seuls `migrate`, `flush` et la
création d'une base d'essai agissent en propriétaire, dans `en_proprietaire()`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.db.backends.postgresql import base
from psycopg import errors, sql

_en_proprietaire: ContextVar[bool] = ContextVar("en_proprietaire", default=False)


class DatabaseWrapper(base.DatabaseWrapper):
    """Connexion qui prend le rôle applicatif, sauf dans `en_proprietaire()`."""

    def get_connection_params(self) -> dict[str, Any]:
        """Paramètres de connexion ; sans base désignée, un message qui dit le remède."""
        if not self.settings_dict["NAME"]:
            msg = (
                "Aucune base : donnez DATABASE_URL (postgresql://…), ou lancez la commande dans une base embarquée avec "
                "`python manage.py base_temporaire -- COMMANDE…` ou `python manage.py demo`."
            )
            raise OperationalError(msg)
        return super().get_connection_params()

    def init_connection_state(self) -> None:
        """Prend le rôle applicatif dès l'ouverture."""
        super().init_connection_state()
        self.prendre_role()

    def prendre_role(self) -> None:
        """Prend le rôle qui convient : applicatif d'ordinaire, propriétaire dans `en_proprietaire()`."""
        with self.connection.cursor() as curseur:
            if _en_proprietaire.get():
                curseur.execute("RESET ROLE")
                return
            try:
                curseur.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(settings.ROLE_APPLICATION)))
            except (errors.InvalidParameterValue, errors.UndefinedObject) as erreur:
                msg = "La base n'est pas prête : lancez d'abord `python manage.py migrate`."
                raise OperationalError(msg) from erreur

    @contextmanager
    def _nodb_cursor(self) -> Iterator[Any]:
        with en_proprietaire(), super()._nodb_cursor() as curseur:
            yield curseur


@contextmanager
def en_proprietaire(*connexions: DatabaseWrapper) -> Iterator[None]:
    """Agit en propriétaire des tables le temps du bloc, sur les connexions données et celles qui s'y ouvrent."""
    jeton = _en_proprietaire.set(True)
    try:
        for connexion in connexions:
            if connexion.connection is not None:
                connexion.prendre_role()
        yield
    finally:
        _en_proprietaire.reset(jeton)
        for connexion in connexions:
            if connexion.connection is not None and not connexion.needs_rollback:
                connexion.prendre_role()
