"""Sous `/api/`, toute erreur est un `application/problem+json` : aussi celles qui naissent hors d'une ressource (formats.md § 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.views import defaults

TYPE_PROBLEME: Final = "application/problem+json"
TITRES: Final = {
    400: "Demande fautive",
    401: "Authentification nécessaire",
    403: "Acte non permis",
    404: "Introuvable",
    405: "Méthode non permise",
    406: "Forme de réponse inconnue",
    409: "L'état a changé",
    413: "Demande trop grosse",
    415: "Forme de demande inconnue",
    422: "Refusé par une règle",
    429: "Trop de demandes",
    500: "Panne",
}
_ERREUR: Final = 400
_DETAILS: Final = {
    404: "Aucune ressource à cette adresse : chaque adresse finit par « / », le document OpenAPI est à /api/v1/schema/.",
    403: "La demande est refusée.",
    500: "Une panne nous a empêchés de répondre ; elle est notée. Une écriture se rejoue sans risque avec la même Idempotency-Key.",
}


def composer_probleme(statut: int, detail: str, **complements: Any) -> dict[str, Any]:
    """L'objet d'une erreur (RFC 9457) ; un complément vide n'y figure pas."""
    corps = {"type": "about:blank", "title": TITRES.get(statut, "Erreur"), "status": statut, "detail": detail}
    return corps | {cle: valeur for cle, valeur in complements.items() if valeur}


def est_de_l_api(request: HttpRequest) -> bool:
    """Vrai sous `/api/`."""
    return request.path_info.startswith("/api/")


def _repondre(statut: int, corps: dict[str, Any] | None = None) -> JsonResponse:
    detail = _DETAILS.get(statut, "La demande est mal écrite : vérifiez son adresse et ses en-têtes.")
    reponse = JsonResponse(corps or composer_probleme(statut, detail), status=statut, content_type=TYPE_PROBLEME)
    reponse["Cache-Control"] = "no-store"
    return reponse


def demande_fautive(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Le 400 de Django."""
    return _repondre(400) if est_de_l_api(request) else defaults.bad_request(request, exception)


def refus(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Le 403 de Django."""
    return _repondre(403) if est_de_l_api(request) else defaults.permission_denied(request, exception)


def introuvable(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Le 404 de Django."""
    return _repondre(404) if est_de_l_api(request) else defaults.page_not_found(request, exception)


def panne(request: HttpRequest) -> HttpResponseBase:
    """Le 500 de Django."""
    return _repondre(500) if est_de_l_api(request) else defaults.server_error(request)


class ProblemeMiddleware:
    """Un filet : une erreur qu'une vue aurait écrite autrement (page d'erreur de développement, YAML) devient un problème."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """La réponse, ou le problème qu'elle dit."""
        reponse = self.get_response(request)
        if not est_de_l_api(request) or reponse.status_code < _ERREUR:
            return reponse
        rendu = getattr(getattr(reponse, "accepted_renderer", None), "format", "json")
        if reponse.headers.get("Content-Type", "").startswith(TYPE_PROBLEME) and rendu == "json":
            return reponse
        probleme = _repondre(reponse.status_code, getattr(reponse, "data", None))
        for entete in ("Allow", "WWW-Authenticate", "Retry-After"):
            if entete in reponse.headers:
                probleme[entete] = reponse.headers[entete]
        return probleme
