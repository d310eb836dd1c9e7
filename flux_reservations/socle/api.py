"""Ce que partagent les API : erreurs `application/problem+json`, pagination par curseur, limites de débit (formats.md § 3)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import exception_handler

from flux_reservations.commun.cles import lire_entier
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable, SaisieRefusee
from flux_reservations.socle.problemes import TYPE_PROBLEME, composer_probleme

_Place = tuple[int, int]
"""(tranche, rang dans la tranche), depuis zéro."""
_DEBUT: _Place = (0, 0)
_PLACE_ECRITE = re.compile(r"(a?)([0-9]{1,9})\.([0-9]{1,9})")
_TOUJOURS_LUS = frozenset({"curseur", "taille", "format"})
_TAILLE_ECRITE = re.compile(r"[0-9]{1,9}")


class DemandeTropGrosse(APIException):
    """Le corps dépasse ce qu'une ressource lit d'un coup."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "demande_trop_grosse"


def refuser_un_corps_demesure(parser_context: Any, borne: int, message: str) -> None:
    """Lève `DemandeTropGrosse` (413) si le corps annonce plus d'octets que la borne : il n'est alors pas lu."""
    annonce = parser_context["request"].META.get("CONTENT_LENGTH") or "0" if parser_context else "0"
    taille = lire_entier(annonce)
    if taille is None or taille > borne:
        raise DemandeTropGrosse(message)


class LecteurJson(JSONParser):
    """Du JSON borné par `DATA_UPLOAD_MAX_MEMORY_SIZE` : un plus gros corps n'est pas lu (413)."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """L'objet lu."""
        borne = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        message = f"Le corps dépasse {borne // 1024} Ko : envoyez un fichier à la ressource imports."
        refuser_un_corps_demesure(parser_context, borne, message)
        return super().parse(stream, media_type, parser_context)


def refuser_les_parametres_inconnus(request: Request, vue: Any) -> None:
    """Un filtre mal orthographié rendrait tout sans le dire : il est refusé, avec ceux qui existent. Lève `ValidationError`."""
    connus = set(getattr(vue, "parametres", ()))
    for filtre in vue.filter_backends:
        classe = (
            filtre().get_filterset_class(vue, vue.get_queryset()) if hasattr(filtre, "get_filterset_class") else None
        )
        connus |= set(classe.base_filters) if classe else set()
    inconnus = sorted(set(request.query_params) - connus - _TOUJOURS_LUS)
    if inconnus:
        lus = ", ".join(sorted({*connus, "curseur", "taille"}))
        raise ValidationError({nom: [f"Paramètre inconnu : cette ressource lit {lus}."] for nom in inconnus})


class PaginationParCurseur(CursorPagination):
    """Pages par curseur : le coût d'une page ne dépend pas de sa place ; `taille` (au plus 500) la borne."""

    page_size = 50
    page_size_query_param = "taille"
    max_page_size = 500
    cursor_query_param = "curseur"
    ordering = "pk"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """La page demandée ; lève `ValidationError` si un paramètre est inconnu ou `taille` mal écrite."""
        refuser_les_parametres_inconnus(request, view)
        return super().paginate_queryset(queryset, request, view)

    def get_page_size(self, request: Request) -> int | None:
        """`taille`, ramenée à 500 au plus."""
        taille = request.query_params.get("taille", "1")
        if not _TAILLE_ECRITE.fullmatch(taille) or int(taille) < 1:
            raise ValidationError({"taille": ["Écrivez un nombre de lignes par page, de 1 à 500."]})
        return super().get_page_size(request)

    def decode_cursor(self, request: Request) -> Any:
        """Le curseur reçu ; un curseur abîmé est introuvable."""
        curseur = super().decode_cursor(request)
        position: Any = curseur.position if curseur else None
        if position is not None and lire_entier(position) is None:
            raise NotFound("Curseur inconnu.")
        return curseur

    def get_schema_operation_parameters(self, view: Any) -> list[Any]:
        """Le curseur et la taille, bornée."""
        parametres = super().get_schema_operation_parameters(view)
        for parametre in parametres:
            if parametre["name"] == self.page_size_query_param:
                parametre["schema"] |= {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return parametres


class PaginationDeCalcul(PaginationParCurseur):
    """Les mêmes pages, d'une liste calculée tranche par tranche : seules les tranches de la page le sont.

    Le curseur dit la tranche et le rang dans la tranche où commence la page ; précédé d'un `a`, où elle s'arrête.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """La page demandée ; `queryset` : ce qui calcule chaque tranche, dans l'ordre. Un curseur abîmé est introuvable."""
        refuser_les_parametres_inconnus(request, view)
        tranches: Sequence[Callable[[], Sequence[Any]]] = queryset
        taille = self.get_page_size(request) or self.page_size
        recule, place = _lire_place(request.query_params.get(self.cursor_query_param, ""))
        self._adresse = request.build_absolute_uri()
        if recule:
            lues = list(islice(_avant(tranches, place), taille + 1))
            page = lues[:taille][::-1]
            self._precedente = page[0][0] if len(lues) > taille else None
            self._suivante: _Place | None = place
        else:
            lues = list(islice(_depuis(tranches, place), taille + 1))
            page = lues[:taille]
            self._precedente = place if place != _DEBUT else None
            self._suivante = lues[taille][0] if len(lues) > taille else None
        return [ligne for _, ligne in page]

    def get_next_link(self) -> str | None:
        """Adresse de la page suivante, s'il y en a une."""
        return self._lien(self._suivante, "")

    def get_previous_link(self) -> str | None:
        """Adresse de la page précédente, s'il y en a une."""
        return self._lien(self._precedente, "a")

    def _lien(self, place: _Place | None, sens: str) -> str | None:
        if place is None:
            return None
        curseur = base64.urlsafe_b64encode(f"{sens}{place[0]}.{place[1]}".encode()).decode()
        return replace_query_param(self._adresse, self.cursor_query_param, curseur)


def _depuis(tranches: Sequence[Callable[[], Sequence[Any]]], place: _Place) -> Iterator[tuple[_Place, Any]]:
    """Les lignes et leur place, à partir de celle-ci ; une tranche n'est calculée que si on l'atteint."""
    for numero in range(place[0], len(tranches)):
        debut = place[1] if numero == place[0] else 0
        for rang, ligne in enumerate(tranches[numero]()[debut:], debut):
            yield (numero, rang), ligne


def _avant(tranches: Sequence[Callable[[], Sequence[Any]]], place: _Place) -> Iterator[tuple[_Place, Any]]:
    """Les lignes et leur place, en reculant depuis celle d'avant."""
    for numero in range(min(place[0], len(tranches) - 1), -1, -1):
        if numero == place[0] and not place[1]:
            continue
        lignes = tranches[numero]()
        fin = min(place[1], len(lignes)) if numero == place[0] else len(lignes)
        for rang in range(fin - 1, -1, -1):
            yield (numero, rang), lignes[rang]


def _lire_place(curseur: str) -> tuple[bool, _Place]:
    """Vrai si la page s'arrête à cette place plutôt qu'elle n'y commence, et la place ; lève `NotFound`."""
    if not curseur:
        return False, _DEBUT
    try:
        texte = base64.urlsafe_b64decode(curseur.encode()).decode("ascii")
    except (binascii.Error, ValueError) as erreur:
        raise NotFound("Curseur inconnu.") from erreur
    ecrite = _PLACE_ECRITE.fullmatch(texte)
    if ecrite is None:
        raise NotFound("Curseur inconnu.")
    return bool(ecrite[1]), (int(ecrite[2]), int(ecrite[3]))


def traduire_erreur(erreur: Exception, contexte: dict[str, Any]) -> Response | None:
    """Toute erreur prévue en `problem+json` : type, titre, statut, détail, code, règle, champs."""
    if isinstance(erreur, ErreurMetier):
        champs = erreur.champs if isinstance(erreur, SaisieRefusee) else {}
        return _repondre(
            _statut(erreur), erreur.message, code=erreur.code, regle=erreur.regle, champ=erreur.champ, champs=champs
        )
    if isinstance(erreur, SuspiciousOperation):
        trop_gros = isinstance(erreur, RequestDataTooBig)
        return _repondre(413 if trop_gros else 400, "Le corps de la demande dépasse ce qui se lit : découpez-la.")
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


def _repondre(statut: int, detail: str, **complements: Any) -> Response:
    return Response(composer_probleme(statut, detail, **complements), status=statut, content_type=TYPE_PROBLEME)
