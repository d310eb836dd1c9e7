"""Formulaires des envois."""

from __future__ import annotations

from django import forms


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
