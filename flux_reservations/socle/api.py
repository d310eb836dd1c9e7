"""Ce que partagent les API : erreurs `application/problem+json`, pagination par curseur, limites de débit (formats.md § 3)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import exception_handler

from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable

TYPE_PROBLEME = "application/problem+json"
_CHIFFRES_DU_CURSEUR = 9
TITRES = {
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


class PaginationDeCalcul(PaginationParCurseur):
    """Les mêmes pages, d'une liste calculée et ordonnée : le curseur dit combien de lignes sont passées."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """La page demandée ; un curseur abîmé est introuvable, comme celui d'une table."""
        del view
        lignes: Sequence[Any] = queryset
        self._taille = self.get_page_size(request) or self.page_size
        self._debut = _lire_debut(request.query_params.get(self.cursor_query_param, ""))
        self._adresse, self._total = request.build_absolute_uri(), len(lignes)
        return list(lignes[self._debut : self._debut + self._taille])

    def get_next_link(self) -> str | None:
        """Adresse de la page suivante, s'il y en a une."""
        suivante = self._debut + self._taille
        return self._lien(suivante) if suivante < self._total else None

    def get_previous_link(self) -> str | None:
        """Adresse de la page précédente, s'il y en a une."""
        return self._lien(max(0, self._debut - self._taille)) if self._debut else None

    def _lien(self, debut: int) -> str:
        curseur = base64.urlsafe_b64encode(str(debut).encode()).decode()
        return replace_query_param(self._adresse, self.cursor_query_param, curseur)


def _lire_debut(curseur: str) -> int:
    if not curseur:
        return 0
    try:
        texte = base64.urlsafe_b64decode(curseur.encode()).decode("ascii")
    except (binascii.Error, ValueError) as erreur:
        raise NotFound("Curseur inconnu.") from erreur
    if not texte.isdigit() or len(texte) > _CHIFFRES_DU_CURSEUR:
        raise NotFound("Curseur inconnu.")
    return int(texte)


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
    corps = {"type": "about:blank", "title": TITRES.get(statut, "Erreur"), "status": statut, "detail": detail}
    corps |= {cle: valeur for cle, valeur in complements.items() if valeur}
    return Response(corps, status=statut, content_type=TYPE_PROBLEME)
