"""Aller chez le fournisseur d'identité, en revenir, apprendre de lui une déconnexion : ouvert à qui n'est pas encore connecté."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from flux_reservations.acces.oidc import deconnecter_a_distance
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


@login_not_required
@csrf_exempt
@require_POST
@never_cache
def apprendre_une_deconnexion(request: HttpRequest) -> HttpResponse:
    """Le fournisseur appelle cette adresse lui-même : la signature du jeton tient lieu d'identité (OIDC Back-Channel Logout 1.0)."""
    try:
        deconnecter_a_distance(request.POST.get("logout_token", ""))
    except SuspiciousOperation as erreur:
        return JsonResponse({"error": "invalid_request", "error_description": str(erreur)}, status=400)
    return HttpResponse(status=200)
