"""Aller chez le fournisseur d'identité, en revenir, apprendre de lui une déconnexion : ouvert à qui n'est pas encore connecté."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView
from requests import RequestException

from flux_reservations.acces.cles_du_fournisseur import SILENCE, FournisseurMuet
from flux_reservations.acces.deconnexion_a_distance import (
    FENETRE,
    compter_un_refus,
    deconnecter_a_distance,
    est_arretee,
)
from flux_reservations.acces.sessions import adresse_ip
from flux_reservations.socle import rls

logger = logging.getLogger(__name__)


class Retour(OIDCAuthenticationCallbackView):
    """Le retour du fournisseur ; une personne reconnue par lui mais sans accès ici apprend quoi faire."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Revient du fournisseur ; s'il ne répond pas, ou refuse le code, le dit sur la page de connexion."""
        try:
            reponse: HttpResponse = super().get(request)
        except (FournisseurMuet, RequestException):
            logger.warning("retour du fournisseur d'identité : il ne répond pas, ou refuse", exc_info=True)
            messages.error(request, "Votre fournisseur d'identité ne répond pas : recommencez dans un instant.")
            return HttpResponseRedirect(self.failure_url)
        return reponse

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
    adresse = adresse_ip(request)
    if est_arretee(adresse):
        return _refuser("Trop de jetons refusés : réessayez dans une minute.", statut=429, attente=FENETRE)
    try:
        deconnecter_a_distance(request.POST.get("logout_token", ""))
    except FournisseurMuet:
        return _refuser(
            "Les clés du fournisseur ne se lisent pas à l'instant : réessayez.", statut=503, attente=SILENCE
        )
    except SuspiciousOperation as erreur:
        compter_un_refus(adresse)
        return _refuser(str(erreur), statut=400)
    return HttpResponse(status=200)


def _refuser(message: str, *, statut: int, attente: int = 0) -> HttpResponse:
    """L'erreur à la manière d'OAuth ; `attente` : secondes avant de réessayer, zéro s'il n'y a pas lieu."""
    code = "temporarily_unavailable" if attente else "invalid_request"
    reponse = JsonResponse({"error": code, "error_description": message}, status=statut)
    if attente:
        reponse["Retry-After"] = str(attente)
    return reponse
