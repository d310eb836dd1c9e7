"""« Parmi ces identifiants », en un seul paramètre : `colonne = ANY(tableau)`.

Le `__in` de Django écrit un paramètre par valeur ; à mille valeurs, psycopg passe plus de temps à découper la requête que
PostgreSQL à y répondre.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, BooleanField, F, Func, Value


class EstParmi(Func):
    """Condition vraie si la colonne est l'un des identifiants donnés ; se met dans `filter()`."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("

    def __init__(self, colonne: str, identifiants: Iterable[int]) -> None:
        """`colonne` : nom d'un champ entier (`liberation_id`, `logement__pk`)."""
        tableau = Value(list(identifiants), output_field=ArrayField(BigIntegerField()))
        super().__init__(F(colonne), tableau, output_field=BooleanField())
