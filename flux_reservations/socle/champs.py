"""Champs de modèle chiffrés : la valeur se lit en clair dans Python, jamais dans la base (socle/chiffrement.py, RG-70)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FieldError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import Exact, In, IsNull

from flux_reservations.socle.chiffrement import chiffrer, dechiffrer, empreinte
from flux_reservations.socle.parmi import Parmi

OUBLIE = "purge-"
"""Ce par quoi commence une valeur purgée : elle ne désigne plus personne, et reste en clair dans les deux colonnes."""


class ChampChiffre(models.TextField):  # type: ignore[type-arg]  # le type n'est pas générique à l'exécution
    """Un texte court gardé chiffré, cherché par l'empreinte que garde le champ `empreinte` du même modèle.

    Seules l'égalité et l'appartenance se cherchent (`numero="…"`, `numero__in=[…]`) : elles comparent des empreintes. Tout autre filtre
    lève `FieldError`, et un tri n'a pas de sens.
    """

    def __init__(self, *args: Any, empreinte: str, **options: Any) -> None:
        """`empreinte` : nom du champ compagnon."""
        self.empreinte = empreinte
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        """Pour les migrations."""
        nom, chemin, args, options = super().deconstruct()
        return nom, chemin, args, options | {"empreinte": self.empreinte}

    def from_db_value(self, valeur: str | None, *_: object) -> str | None:
        """Déchiffre ce qui vient de la base."""
        return valeur if not valeur or valeur.startswith(OUBLIE) else dechiffrer(valeur)

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """Chiffre ce qui va en base ; une expression SQL passe telle quelle."""
        if hasattr(value, "resolve_expression"):
            return super().get_db_prep_save(value, connection)
        return valeur_en_base(self, value)

    def get_lookup(self, lookup_name: str) -> Any:
        """Égalité et appartenance, par l'empreinte ; rien d'autre."""
        permis: dict[str, type[Any]] = {
            "exact": _ExactParEmpreinte,
            "in": _InParEmpreinte,
            "parmi": _ParmiParEmpreinte,
            "isnull": IsNull,
        }
        if lookup_name not in permis:
            msg = f"{self.name} est chiffré : on ne peut que chercher une valeur exacte (ni {lookup_name}, ni tri)."
            raise FieldError(msg)
        return permis[lookup_name]


class ChampOctetsChiffres(models.BinaryField):  # type: ignore[type-arg]  # de même
    """Des octets que qui les écrit chiffre (`chiffrer_octets`) et que qui les lit déchiffre ; `rechiffrer` les trouve par ce champ."""

    def deconstruct(self) -> Any:
        """Pour les migrations : la colonne est celle d'un `BinaryField`."""
        nom, _, args, options = super().deconstruct()
        return nom, "django.db.models.BinaryField", args, options


class ChampEmpreinte(models.CharField):  # type: ignore[type-arg]  # de même
    """L'empreinte du champ chiffré `source`, recalculée à chaque écriture d'une ligne."""

    def __init__(self, *args: Any, source: str, **options: Any) -> None:
        """`source` : nom du champ chiffré."""
        self.source = source
        super().__init__(*args, **({"max_length": 64, "editable": False} | options))

    def deconstruct(self) -> Any:
        """Pour les migrations."""
        nom, chemin, args, options = super().deconstruct()
        return nom, chemin, args, options | {"source": self.source}

    def pre_save(self, instance: models.Model, add: bool) -> str:
        """L'empreinte de la valeur que porte la ligne."""
        del add
        valeur = empreinte_en_base(getattr(instance, self.source))
        setattr(instance, self.attname, valeur)
        return valeur


def valeur_en_base(champ: Any, valeur: Any) -> Any:
    """Ce que la base garde de la valeur d'un champ, pour qui écrit en masse sans passer par Django (COPY)."""
    if isinstance(champ, ChampChiffre) and valeur and not valeur.startswith(OUBLIE):
        return chiffrer(str(valeur))
    return valeur


def empreinte_en_base(valeur: str) -> str:
    """L'empreinte telle que la base la garde ; vide pour une valeur vide, en clair pour une valeur purgée."""
    return empreinte(valeur) if valeur and not valeur.startswith(OUBLIE) else valeur


def est_chiffre(modele: type[models.Model]) -> bool:
    """Vrai si le modèle a un champ chiffré ou une empreinte : sinon, ses valeurs s'écrivent telles quelles."""
    return any(isinstance(champ, ChampChiffre | ChampEmpreinte) for champ in modele._meta.concrete_fields)


def completer(modele: type[models.Model], valeurs: dict[str, Any]) -> dict[str, Any]:
    """Les valeurs d'une ligne (par attribut), ses empreintes calculées : pour qui écrit en masse."""
    empreintes = {
        champ.attname: empreinte_en_base(str(valeurs[champ.source]))
        for champ in modele._meta.concrete_fields
        if isinstance(champ, ChampEmpreinte)
    }
    return valeurs | empreintes if empreintes else valeurs


def _col_d_empreinte(lhs: Any) -> Any:
    champ = lhs.target
    return champ.model._meta.get_field(champ.empreinte).get_col(lhs.alias)


def _chercher(valeur: Any) -> str:
    if hasattr(valeur, "resolve_expression"):
        raise FieldError("Un champ chiffré se compare à une valeur, pas à une expression.")
    return empreinte_en_base(str(valeur))


class _ExactParEmpreinte(Exact):
    def __init__(self, lhs: Any, rhs: Any) -> None:
        super().__init__(_col_d_empreinte(lhs), _chercher(rhs))


class _InParEmpreinte(In):
    def __init__(self, lhs: Any, rhs: Any) -> None:
        super().__init__(_col_d_empreinte(lhs), [_chercher(valeur) for valeur in rhs])


class _ParmiParEmpreinte(Parmi):
    def __init__(self, lhs: Any, rhs: Any) -> None:
        super().__init__(_col_d_empreinte(lhs), [_chercher(valeur) for valeur in rhs])
