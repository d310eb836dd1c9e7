"""Les rôles PostgreSQL de l'application et du système : créés et dotés à chaque `migrate`, jamais propriétaires.

L'application (une requête HTTP) est soumise aux politiques de lignes ; le système (commandes, tâches) a les mêmes droits sur les tables,
et des politiques qui le laissent tout lire (socle/rls.py).
"""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, InternalError, ProgrammingError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

ESSAIS_DE_CREATION = 5
TABLES_EN_AJOUT_SEUL = ("socle_entree_journal",)


def creer_roles(connexion: BaseDatabaseWrapper) -> None:
    """Crée les rôles qui manquent et les rend prenables par le propriétaire.

    Les rôles sont communs à toutes les bases d'une grappe : une autre qui migre au même instant peut les créer entre notre lecture et
    notre écriture (un verrou consultatif n'y peut rien, il ne vaut que dans sa base). On relit alors, et ce qui existe suffit.
    """
    for nom in (settings.ROLE_APPLICATION, settings.ROLE_SYSTEME):
        for reste in reversed(range(ESSAIS_DE_CREATION)):
            try:
                with transaction.atomic(using=connexion.alias):
                    _creer_role(connexion, nom)
                break
            except (ProgrammingError, IntegrityError, InternalError):
                if not reste:
                    raise


def _creer_role(connexion: BaseDatabaseWrapper, nom: str) -> None:
    role = sql.Identifier(nom)
    with connexion.cursor() as curseur:
        curseur.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [nom])
        if curseur.fetchone() is None:
            curseur.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
        curseur.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", [nom])
        if not curseur.fetchone()[0]:
            curseur.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))


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
