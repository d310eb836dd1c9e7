"""Poser l'acteur sur chaque requête, et rendre en page les refus métier."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.socle import rls
from flux_reservations.socle.requete import Requete

CLE_RATTACHEMENT = "rattachement"
"""Clé de session : le rattachement au nom duquel la personne agit."""


class RequeteConnue(Requete):
    """Requête dont on connaît les rattachements ouverts ; le premier est celui au nom duquel la personne agit."""

    rattachements: list[Rattachement]


class ActeurMiddleware:
    """Pose `request.rattachements` (l'actif en tête) et `request.acteur` ; ne lit pas la base pour un anonyme."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Reconnaît l'acteur, puis passe la main."""
        requete = cast("RequeteConnue", request)
        requete.rattachements = lire_rattachements(request)
        requete.acteur = requete.rattachements[0].acteur() if requete.rattachements else Acteur.anonyme()
        rls.poser(rls.contexte_de(requete.acteur))
        return self.get_response(request)


def _page_precedente(request: HttpRequest) -> str:
    """La page d'où l'on vient, si elle est d'ici."""
    precedente: str = request.META.get("HTTP_REFERER", "")
    est_d_ici = url_has_allowed_host_and_scheme(precedente, allowed_hosts={request.get_host()})
    return precedente if est_d_ici else ""


def lire_rattachements(request: HttpRequest) -> list[Rattachement]:
    """Rattachements ouverts de la personne : celui que la session retient d'abord, puis par nom d'organisme."""
    if not request.user.is_authenticated:
        return []
    choisi = request.session.get(CLE_RATTACHEMENT)
    ouverts = (
        Rattachement.objects.actifs().filter(utilisateur=request.user.pk).select_related("organisme", "utilisateur")
    )
    return sorted(ouverts, key=lambda un: (un.pk != choisi, un.organisme.nom, un.pk))


class SansCacheMiddleware:
    """Une page d'une personne connectée ne se garde nulle part : ni relais, ni bouton « précédent » après la déconnexion."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Ajoute l'en-tête, sauf à qui a choisi le sien (une pièce, sous son empreinte)."""
        reponse = self.get_response(request)
        if request.user.is_authenticated and not reponse.has_header("Cache-Control"):
            reponse["Cache-Control"] = "private, no-store"
        return reponse


class RefusMetierMiddleware:
    """Traduit `ErreurMetier` : rôle insuffisant en 403, ligne d'autrui en 404, le reste en page qui dit le remède."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Passe la main ; seul `process_exception` agit."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, erreur: Exception) -> HttpResponse | None:
        """Répond à la place d'une vue qui a laissé passer une erreur métier."""
        if not isinstance(erreur, ErreurMetier):
            return None
        if isinstance(erreur, Introuvable):
            raise Http404(erreur.message) from erreur
        if isinstance(erreur, AccesRefuse):
            raise PermissionDenied(erreur.message) from erreur
        if cast("Requete", request).htmx:
            messages.error(request, erreur.message)
            reponse = render(request, "composants/messages.html", status=200)
            reponse["HX-Retarget"] = "#messages"
            reponse["HX-Reswap"] = "outerHTML"
            return reponse
        statut = 409 if isinstance(erreur, Conflit) else 400
        contexte = {"titre": "Ce n'est pas possible", "erreur": erreur, "retour": _page_precedente(request)}
        return render(request, "refus.html", contexte, status=statut)
