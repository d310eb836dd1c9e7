"""Formulaires de connexion."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordResetForm

from flux_reservations.acces.courriels_secrets import envoyer_un_lien_de_mot_de_passe


class ConnexionForm(AuthenticationForm):
    """Courriel et mot de passe."""

    error_messages = {  # noqa: RUF012 : signature de Django
        "invalid_login": "Ce courriel et ce mot de passe ne vont pas ensemble. Vérifiez-les, puis réessayez.",
        "inactive": "Ce compte est fermé. Demandez au responsable de votre organisme de le rouvrir.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Courriel professionnel"
        self.fields["username"].widget = forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
        self.fields["password"].label = "Mot de passe"


class MotDePasseOublieForm(PasswordResetForm):
    """Demander un lien : il part par la file d'envois, comme toute invitation."""

    def save(self, *args: Any, **options: Any) -> None:
        """Demande l'envoi."""
        del args, options
        envoyer_un_lien_de_mot_de_passe(self.cleaned_data["email"])
