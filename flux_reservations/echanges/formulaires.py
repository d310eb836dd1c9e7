"""Déposer des fichiers : un ou plusieurs, et la date d'effet de ce qui change dans le patrimoine."""

from __future__ import annotations

from typing import Any

from django import forms


class ChampFichiers(forms.FileField):
    """Un ou plusieurs fichiers."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=WidgetFichiers(attrs={"accept": ".csv,.xlsx"}), **options)

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Chaque fichier, vérifié."""
        fichiers = data if isinstance(data, list | tuple) else [data]
        return [super(ChampFichiers, self).clean(fichier, initial) for fichier in fichiers]


class WidgetFichiers(forms.ClearableFileInput):
    """Le sélecteur de fichiers du navigateur, à plusieurs."""

    allow_multiple_selected = True


class FormulaireDepot(forms.Form):
    """Les fichiers, et la date d'effet de ce qui change dans le patrimoine."""

    fichiers = ChampFichiers(
        label="Fichiers CSV ou XLSX",
        help_text="Le tableau se lit au début du nom (patrimoine, rpls, reservations_stock, conventions, droits, soldes_ouverture, "
        "liberations, orientations, candidats), sinon aux en-têtes ; à défaut, vous le direz à l'étape suivante.",
    )
    effet = forms.DateField(
        label="Date d'effet des changements du patrimoine",
        required=False,
        help_text="QPV et hors champ changent à cette date ; vide : c'est une correction depuis l'origine.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class FormulaireRegistre(forms.Form):
    """Les fichiers du registre commun."""

    fichiers = ChampFichiers(
        label="Fichiers CSV ou XLSX",
        help_text="Le nom de chaque fichier commence par bailleurs ou reservataires. Colonnes de bailleurs : siren, nom, statut, "
        "courriel ; de reservataires : code, nom, type, siren, territoire, courriel.",
    )
