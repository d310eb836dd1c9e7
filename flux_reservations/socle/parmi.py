"""« Parmi ces valeurs », en un seul paramètre : `colonne = ANY(tableau)`.

Le `__in` de Django écrit un paramètre par valeur ; à mille valeurs, psycopg passe plus de temps à découper la requête que
PostgreSQL à y répondre.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Field, ForeignObject, Func, Lookup, QuerySet


class EstParmiLesLignes(Func):
    """Condition vraie si la colonne est l'une des valeurs d'une requête d'une colonne, lue une fois.

    À la différence d'une jointure, PostgreSQL estime ici le nombre de lignes d'après la colonne elle-même : les communes d'un
    département sont rares au référentiel, mais ce sont toutes celles d'un bailleur.
    """

    template = "%(expressions)s)"
    arg_joiner = " = ANY("

    def __init__(self, colonne: str, lignes: QuerySet[Any, Any]) -> None:
        """`lignes` : `….values("pk")`."""
        super().__init__(F(colonne), ArraySubquery(lignes), output_field=BooleanField())


class Parmi(Lookup):
    """La recherche `champ__parmi` : égal à l'une de ces valeurs Python (ni expressions ni sous-requête), quel que soit le champ.

    Un ensemble plutôt qu'une liste s'il y en a des milliers : Django relit une liste valeur par valeur.
    """

    lookup_name = "parmi"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """`colonne = ANY(tableau)`."""
        colonne, parametres = self.process_lhs(compiler, connection)
        return f"{colonne} = ANY(%s)", (*parametres, list(self.rhs))


def enregistrer() -> None:
    """Ajoute `parmi` aux recherches de tous les champs, clés étrangères comprises (Django les tient à part)."""
    Field.register_lookup(Parmi)
    ForeignObject.register_lookup(Parmi)
