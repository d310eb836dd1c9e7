"""Formulaires des bilans."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms

from bilans.models.bilan import GenreBilan
from flux_reservations.socle.formulaires import proposer


class FormulairePreparation(forms.Form):
    """Le document à préparer."""

    genre = forms.ChoiceField(label="Document", choices=GenreBilan.choices, initial=GenreBilan.ANNUEL)
    departement = forms.ChoiceField(label="Département")
    annee = forms.TypedChoiceField(
        label="Année",
        coerce=int,
        help_text="Celle du bilan ; pour l'information de début d'année, l'année qui commence.",
    )

    def __init__(
        self, *args: object, departements: Sequence[tuple[str, str]] = (), annees: Sequence[int] = (), **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # arguments de Django
        proposer(self, "departement", departements)
        proposer(self, "annee", ((annee, str(annee)) for annee in annees))


class FormulaireCampagne(forms.Form):
    """Les documents à produire à la suite."""

    annee = forms.TypedChoiceField(
        label="Année rendue", coerce=int, help_text="L'information de début d'année porte sur l'année suivante."
    )
    genres = forms.MultipleChoiceField(
        label="Documents", choices=GenreBilan.choices, widget=forms.CheckboxSelectMultiple()
    )
    departements = forms.MultipleChoiceField(label="Départements", widget=forms.CheckboxSelectMultiple())

    def __init__(
        self, *args: object, departements: Sequence[tuple[str, str]] = (), annees: Sequence[int] = (), **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # arguments de Django
        proposer(self, "departements", departements)
        proposer(self, "annee", ((annee, str(annee)) for annee in annees))


class FormulairePublication(forms.Form):
    """La confirmation d'une publication."""

    confirme = forms.BooleanField(label="J'ai lu l'aperçu : ces nombres sont ceux que je transmets.")


class FormulaireSeance(FormulairePublication):
    """La présentation en commission."""

    date_seance = forms.DateField(
        label="Date de la séance", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
