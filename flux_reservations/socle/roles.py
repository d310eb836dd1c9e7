"""Le rôle PostgreSQL de l'application : créé et doté à chaque `migrate`, jamais propriétaire."""

from __future__ import annotations

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

TABLES_EN_AJOUT_SEUL = ("socle_entree_journal",)


def creer_role(connexion: BaseDatabaseWrapper) -> None:
    """Crée le rôle applicatif s'il manque et en fait un rôle que le propriétaire peut prendre."""
    role = sql.Identifier(settings.ROLE_APPLICATION)
    with connexion.cursor() as curseur:
        # Deux bases d'une même grappe peuvent migrer à la fois : le rôle est commun, un verrou les met en file.
        curseur.execute("SELECT pg_advisory_lock(hashtext('flux_role_application'))")
        try:
            curseur.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.ROLE_APPLICATION])
            if curseur.fetchone() is None:
                curseur.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
            curseur.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", [settings.ROLE_APPLICATION])
            if not curseur.fetchone()[0]:
                curseur.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
        finally:
            curseur.execute("SELECT pg_advisory_unlock(hashtext('flux_role_application'))")


def accorder_droits(connexion: BaseDatabaseWrapper) -> None:
    """Donne au rôle applicatif la lecture et l'écriture, et l'ajout seul sur le journal (RG-71)."""
    role = sql.Identifier(settings.ROLE_APPLICATION)
    with connexion.cursor() as curseur:
        for ordre in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
        ):
            curseur.execute(sql.SQL(ordre).format(role))
        for table in TABLES_EN_AJOUT_SEUL:
            curseur.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
            if curseur.fetchone()[0]:
                curseur.execute(sql.SQL("REVOKE UPDATE, DELETE ON {} FROM {}").format(sql.Identifier(table), role))
