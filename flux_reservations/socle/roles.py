"""Les rôles PostgreSQL de l'application et du système : créés et dotés à chaque `migrate`, jamais propriétaires.

L'application (une requête HTTP) est soumise aux politiques de lignes ; le système (commandes, tâches) a les mêmes droits sur les tables,
et des politiques qui le laissent tout lire (socle/rls.py).
"""

from __future__ import annotations

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

TABLES_EN_AJOUT_SEUL = ("socle_entree_journal",)


def creer_roles(connexion: BaseDatabaseWrapper) -> None:
    """Crée les rôles qui manquent et les rend prenables par le propriétaire."""
    with connexion.cursor() as curseur:
        # Deux bases d'une même grappe peuvent migrer à la fois : les rôles sont communs, un verrou les met en file.
        curseur.execute("SELECT pg_advisory_lock(hashtext('flux_role_application'))")
        try:
            for nom in (settings.ROLE_APPLICATION, settings.ROLE_SYSTEME):
                role = sql.Identifier(nom)
                curseur.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [nom])
                if curseur.fetchone() is None:
                    curseur.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
                curseur.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", [nom])
                if not curseur.fetchone()[0]:
                    curseur.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
        finally:
            curseur.execute("SELECT pg_advisory_unlock(hashtext('flux_role_application'))")


def accorder_droits(connexion: BaseDatabaseWrapper) -> None:
    """Donne aux deux rôles la lecture et l'écriture, et l'ajout seul sur les journaux (RG-71)."""
    with connexion.cursor() as curseur:
        for nom in (settings.ROLE_APPLICATION, settings.ROLE_SYSTEME):
            role = sql.Identifier(nom)
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
