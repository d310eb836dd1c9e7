"""Formulaires des personnes : inviter, accepter, changer de rôle, saisir un code."""

from __future__ import annotations

from typing import Any

from django import forms

from flux_reservations.acces.actions import roles_de
from flux_reservations.acces.models import Organisme
from flux_reservations.acces.services_de_l_etat import SERVICES
from flux_reservations.commun.acteur import Nature
from flux_reservations.socle.formulaires import ChampSiren, proposer


class FormulaireRole(forms.Form):
    """Le rôle d'une personne."""

    role = forms.ChoiceField(label="Rôle")

    def __init__(self, *args: Any, organisme: Organisme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        proposer(self, "role", roles_de(organisme))
        if organisme.nature == Nature.ETAT:
            self.fields["service"] = forms.ChoiceField(
                label="Service",
                required=False,
                choices=[("", "Tout le contingent"), *SERVICES],
                help_text="Un service ne voit que les logements, les candidats et le décompte de son sous-contingent.",
            )


class FormulaireInvitation(FormulaireRole):
    """Inviter quelqu'un."""

    courriel = forms.EmailField(
        label="Courriel professionnel",
        help_text="La personne reçoit un lien valable sept jours.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("courriel", "role", "service")


class FormulaireAcceptation(forms.Form):
    """Accepter une invitation."""

    prenom = forms.CharField(
        label="Prénom", max_length=100, widget=forms.TextInput(attrs={"autocomplete": "given-name"})
    )
    nom = forms.CharField(label="Nom", max_length=100, widget=forms.TextInput(attrs={"autocomplete": "family-name"}))
    mot_de_passe = forms.CharField(
        label="Mot de passe",
        strip=False,
        help_text="Douze caractères au moins. Si vous avez déjà un compte ici, saisissez votre mot de passe actuel.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class FormulaireCode(forms.Form):
    """Un code à six chiffres, ou un code de secours."""

    code = forms.CharField(
        label="Code",
        max_length=16,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "text", "autofocus": True}),
    )

    def clean_code(self) -> str:
        """Sans les espaces qu'on recopie."""
        return "".join(self.cleaned_data["code"].split())


class FormulaireOrganisme(forms.Form):
    """Créer un organisme."""

    nom = forms.CharField(label="Nom", max_length=200)
    siren = ChampSiren(required=False)
    courriel = forms.EmailField(label="Courriel", required=False)
