"""Ce que partagent les API : erreurs `application/problem+json`, pagination par curseur, limites de débit (formats.md § 3)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler

from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable

TYPE_PROBLEME = "application/problem+json"
_TITRES = {
    400: "Demande fautive",
    401: "Authentification nécessaire",
    403: "Acte non permis",
    404: "Introuvable",
    405: "Méthode non permise",
    406: "Forme de réponse inconnue",
    409: "L'état a changé",
    415: "Forme de demande inconnue",
    422: "Refusé par une règle",
    429: "Trop de demandes",
}


class PaginationParCurseur(CursorPagination):
    """Pages par curseur : le coût d'une page ne dépend pas de sa place ; `taille` (au plus 500) la borne."""

    page_size = 50
    page_size_query_param = "taille"
    max_page_size = 500
    cursor_query_param = "curseur"
    ordering = "pk"


def traduire_erreur(erreur: Exception, contexte: dict[str, Any]) -> Response | None:
    """Toute erreur prévue en `problem+json` : type, titre, statut, détail, code, règle, champs."""
    if isinstance(erreur, ErreurMetier):
        return _repondre(_statut(erreur), erreur.message, code=erreur.code, regle=erreur.regle, champ=erreur.champ)
    reponse = exception_handler(erreur, contexte)
    if reponse is None:
        return None
    if isinstance(erreur, Http404):
        detail = "Introuvable, ou hors de ce que ce jeton peut voir."
    elif isinstance(erreur, PermissionDenied):
        detail = "Le rôle ne permet pas cet acte."
    else:
        detail = (
            "Corrigez les champs signalés."
            if isinstance(erreur, ValidationError)
            else str(getattr(erreur, "detail", ""))
        )
    code = erreur.default_code if isinstance(erreur, APIException) else ""
    probleme = _repondre(reponse.status_code, detail, code=str(code))
    if isinstance(erreur, ValidationError):
        probleme.data["champs"] = erreur.detail if isinstance(erreur.detail, dict) else {"": erreur.detail}
    for entete in ("WWW-Authenticate", "Retry-After", "Allow"):
        if entete in reponse.headers:
            probleme[entete] = reponse.headers[entete]
    return probleme


def _statut(erreur: ErreurMetier) -> int:
    if isinstance(erreur, Introuvable):
        return status.HTTP_404_NOT_FOUND
    if isinstance(erreur, AccesRefuse):
        return status.HTTP_403_FORBIDDEN
    return status.HTTP_409_CONFLICT if isinstance(erreur, Conflit) else status.HTTP_422_UNPROCESSABLE_ENTITY


def _repondre(statut: int, detail: str, **complements: str) -> Response:
    corps = {"type": "about:blank", "title": _TITRES.get(statut, "Erreur"), "status": statut, "detail": detail}
    corps |= {cle: valeur for cle, valeur in complements.items() if valeur}
    return Response(corps, status=statut, content_type=TYPE_PROBLEME)
