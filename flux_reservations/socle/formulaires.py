"""Le rendu des formulaires (résumé d'erreurs en tête, champs accessibles, gabarits du projet) et leurs champs à choix."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django import forms
from django.db.models import QuerySet
from django.forms.renderers import DjangoTemplates

C = TypeVar("C", bound=forms.Field)


class Rendu(DjangoTemplates):
    """Rend `{{ form }}` et ses champs avec les composants du projet ; les widgets restent ceux de Django."""

    form_template_name = "composants/formulaire.html"
    field_template_name = "composants/champ.html"

    def get_template(self, template_name: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 : moteur de Django, sans type public
        """Cherche les gabarits du projet dans le moteur du projet, ceux des widgets dans celui de Django."""
        if template_name.startswith("composants/"):
            from django.template.loader import get_template  # noqa: PLC0415 : après la configuration

            return get_template(template_name)
        return super().get_template(template_name)


class ChampSiren(forms.RegexField):
    """Neuf chiffres, espaces de présentation admises."""

    def __init__(self, *, label: str = "SIREN", **options: Any) -> None:
        super().__init__(
            r"^\d{9}$",
            label=label,
            error_messages={"invalid": "Un SIREN a neuf chiffres."},
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            **options,
        )

    def to_python(self, value: Any) -> str:
        """Sans les espaces."""
        return "".join(str(value or "").split())


def champ_du_formulaire(formulaire: forms.BaseForm, nom: str, sorte: type[C]) -> C:
    """Le champ `nom`, qui est de cette sorte.

    Erreurs : `LookupError` si le formulaire n'a pas ce champ, `TypeError` s'il est d'une autre sorte ; l'une et l'autre disent lesquels
    il a. Ce sont des fautes d'écriture du formulaire, jamais de la personne qui le remplit.
    """
    quoi = f"{type(formulaire).__name__} (champs : {', '.join(formulaire.fields)})"
    if nom not in formulaire.fields:
        raise LookupError(f"Pas de champ « {nom} » dans {quoi}.")
    champ = formulaire.fields[nom]
    if not isinstance(champ, sorte):
        raise TypeError(f"« {nom} » est un {type(champ).__name__}, pas un {sorte.__name__}, dans {quoi}.")
    return champ


def choisir_parmi(formulaire: forms.BaseForm, nom: str, lignes: QuerySet[Any]) -> None:
    """Les lignes parmi lesquelles se choisit un champ lié à un modèle (une ou plusieurs) : celles que la personne peut voir.

    Erreurs : celles de `champ_du_formulaire`.
    """
    champ_du_formulaire(formulaire, nom, forms.ModelChoiceField).queryset = lignes


def proposer(formulaire: forms.BaseForm, nom: str, choix: Iterable[tuple[Any, Any]]) -> None:
    """Les choix (valeur, libellé) d'un champ à choix, simple ou multiple.

    Erreurs : celles de `champ_du_formulaire` ; `TypeError` aussi pour un champ lié à un modèle, qui se remplit par `choisir_parmi`.
    """
    champ = champ_du_formulaire(formulaire, nom, forms.ChoiceField)
    if isinstance(champ, forms.ModelChoiceField):
        raise TypeError(f"« {nom} » se choisit parmi des lignes : `choisir_parmi`, dans {type(formulaire).__name__}.")
    champ.choices = list(choix)
