"""Formulaires des envois."""

from __future__ import annotations

from typing import Any

from django import forms

AVIS_AU_PLUS = 200
TAILLE_D_UN_AVIS = 2 * 1024 * 1024


class DateInput(forms.DateInput):
    """Une date saisie dans le calendrier du navigateur."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class FormulaireRemise(forms.Form):
    """La remise faite par une autre voie."""

    le = forms.DateField(label="Date de la remise", widget=DateInput())
    reference = forms.CharField(
        label="Référence de la remise", max_length=100, help_text="Numéro du recommandé, du bordereau ou du récépissé."
    )


class FormulaireRebond(forms.Form):
    """Pourquoi le courriel est revenu."""

    raison = forms.CharField(label="Ce que dit l'avis de non-remise", max_length=300)


class FormulaireAdresse(forms.Form):
    """L'adresse où envoyer."""

    courriel = forms.EmailField(
        label="Adresse de courriel", help_text="La date du dépôt ne change pas ; seul l'avis repart."
    )


class PlusieursFichiers(forms.ClearableFileInput):
    """Un champ où déposer plusieurs fichiers."""

    allow_multiple_selected = True


class ChampAvis(forms.FileField):
    """Des avis de non-remise, tels que la messagerie les enregistre."""

    widget = PlusieursFichiers

    def clean(self, data: Any, initial: Any = None) -> list[bytes]:
        """Les octets de chacun ; refuse ce qui est trop lourd pour être un avis."""
        fichiers = (data or [None]) if isinstance(data, list | tuple) else [data]
        propres = [super(ChampAvis, self).clean(fichier, initial) for fichier in fichiers]
        if len(propres) > AVIS_AU_PLUS or any(fichier.size > TAILLE_D_UN_AVIS for fichier in propres):
            raise forms.ValidationError(f"Déposez {AVIS_AU_PLUS} avis au plus, de 2 Mo au plus chacun.")
        return [fichier.read() for fichier in propres]


class FormulaireAvis(forms.Form):
    """Les avis de non-remise reçus."""

    avis = ChampAvis(
        label="Avis de non-remise (.eml)",
        help_text="Les courriels « non remis » reçus à l'adresse d'expédition, enregistrés depuis votre messagerie. Plusieurs à la fois.",
    )
