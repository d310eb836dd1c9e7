"""Les verrous de PostgreSQL qui durent un travail, au-delà d'une transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def verrou_consultatif(espace: int, cle: int) -> Iterator[bool]:
    """Vrai si le verrou est pris ; il tombe à la sortie, ou avec le processus s'il meurt."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_try_advisory_lock(%s, %s)", [espace, cle])
        pris = bool(curseur.fetchone()[0])
    try:
        yield pris
    finally:
        if pris:
            with connection.cursor() as curseur:
                curseur.execute("SELECT pg_advisory_unlock(%s, %s)", [espace, cle])
