"""Aller chez le fournisseur d'identité et en revenir : ouvert à qui n'est pas encore connecté."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from flux_reservations.socle import rls


class Retour(OIDCAuthenticationCallbackView):
    """Le retour du fournisseur ; une personne reconnue par lui mais sans accès ici apprend quoi faire."""

    def login_failure(self) -> HttpResponse:
        """Dit le remède sur la page de connexion."""
        messages.error(
            self.request,
            "Votre fournisseur d'identité vous a reconnu, mais ce courriel n'a pas d'accès ici : demandez une invitation au "
            "responsable de votre organisme.",
        )
        reponse: HttpResponse = super().login_failure()
        return reponse


demander = login_not_required(OIDCAuthenticationRequestView.as_view())
recevoir = login_not_required(rls.identifie(Retour.as_view()))
