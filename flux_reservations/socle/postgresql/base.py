"""Connexion PostgreSQL : l'application n'est jamais propriétaire des tables, et dit toujours au nom de qui elle lit.

Le contexte en cours (`socle/rls.py` : rôle PostgreSQL et variables de session) est appliqué à l'ouverture de chaque connexion, puis
avant tout curseur s'il a changé. Seuls `migrate`, `flush` et la création d'une base d'essai agissent en propriétaire, dans
`en_proprietaire()`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import OperationalError, connections
from django.db.backends.postgresql import base
from psycopg import errors
from psycopg.pq import TransactionStatus

from flux_reservations.socle import rls

_en_proprietaire: ContextVar[bool] = ContextVar("en_proprietaire", default=False)
_POSER = "SELECT " + ", ".join("set_config(%s, %s, false)" for _ in rls.PROPRIETAIRE.reglages())


class DatabaseWrapper(base.DatabaseWrapper):
    """Connexion qui applique le contexte de lignes en cours, et agit en propriétaire dans `en_proprietaire()`."""

    contexte_applique: rls.Contexte | None = None
    """Ce que la connexion porte ; vide quand on ne le sait plus (ouverture, retour arrière)."""

    def get_connection_params(self) -> dict[str, Any]:
        """Paramètres de connexion ; sans base désignée, un message qui dit le remède."""
        if self.settings_dict["NAME"] == "":
            msg = (
                "Aucune base : donnez DATABASE_URL (postgresql://…), ou lancez la commande dans une base embarquée avec "
                "`python manage.py base_temporaire -- COMMANDE…` ou `python manage.py demo`."
            )
            raise OperationalError(msg)
        return super().get_connection_params()

    def init_connection_state(self) -> None:
        """Applique le contexte dès l'ouverture."""
        super().init_connection_state()
        self.contexte_applique = None
        self.appliquer_contexte()

    def create_cursor(self, name: str | None = None) -> Any:
        """Un curseur qui lit dans le contexte en cours."""
        self.appliquer_contexte()
        return super().create_cursor(name)

    def _rollback(self) -> None:
        """Un retour arrière défait aussi les réglages posés dans la transaction : on les reposera."""
        super()._rollback()  # type: ignore[misc]  # privé, absent des types
        self.contexte_applique = None

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc]  # de même
        self.contexte_applique = None

    def appliquer_contexte(self) -> None:
        """Pose le rôle et les variables du contexte en cours, s'ils ne le sont pas déjà ; rien dans une transaction avortée."""
        voulu = rls.PROPRIETAIRE if _en_proprietaire.get() else rls.contexte_courant()
        if voulu == self.contexte_applique or self.connection.info.transaction_status == TransactionStatus.INERROR:
            return
        valeurs = [valeur for couple in voulu.reglages() for valeur in couple]
        with self.connection.cursor() as curseur:
            try:
                curseur.execute(_POSER, valeurs)
            except (errors.InvalidParameterValue, errors.UndefinedObject) as erreur:
                msg = "La base n'est pas prête : lancez d'abord `python manage.py migrate`."
                raise OperationalError(msg) from erreur
        self.contexte_applique = voulu

    @contextmanager
    def _nodb_cursor(self) -> Iterator[Any]:
        with en_proprietaire(), super()._nodb_cursor() as curseur:
            yield curseur


@contextmanager
def en_proprietaire(*alias: str) -> Iterator[None]:
    """Agit en propriétaire des tables le temps du bloc, sur les connexions de ces alias et celles qui s'y ouvrent."""
    jeton = _en_proprietaire.set(True)
    try:
        yield
    finally:
        _en_proprietaire.reset(jeton)
        for nom in alias:
            connexion = connections[nom]
            if (
                isinstance(connexion, DatabaseWrapper)
                and connexion.connection is not None
                and not connexion.needs_rollback
            ):
                connexion.appliquer_contexte()
