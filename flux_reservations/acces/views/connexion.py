"""Se connecter, se déconnecter, choisir l'organisme au nom duquel on agit, choisir l'apparence."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from flux_reservations.acces.contexte import THEMES
from flux_reservations.acces.forms import ConnexionForm
from flux_reservations.acces.middleware import CLE_RATTACHEMENT, RequeteConnue, lire_rattachements
from flux_reservations.acces.models import Rattachement
from flux_reservations.acces.navigation import arrivee
from flux_reservations.acces.oidc import adresse_de_sortie
from flux_reservations.socle import rls

logger = logging.getLogger(__name__)

MODELE_DE_CONNEXION = "django.contrib.auth.backends.ModelBackend"
UN_AN = 365 * 24 * 3600


@method_decorator(rls.identifie, name="dispatch")
class Connexion(LoginView):
    """Page de connexion ; en démonstration elle propose aussi chaque rôle en un clic."""

    form_class = ConnexionForm
    template_name = "acces/connexion.html"
    redirect_authenticated_user = True

    def get_default_redirect_url(self) -> str:
        """La page d'arrivée dépend de l'organisme."""
        rattachements = lire_rattachements(self.request)
        return arrivee(rattachements[0].acteur()) if rattachements else reverse("sans_organisme")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Ajoute les personnes de la démonstration."""
        personnes = _personnes_de_demonstration() if settings.DEMO else []
        return super().get_context_data(
            titre="Connexion", personnes=personnes, oidc=settings.OIDC_NOM if settings.OIDC_ACTIF else "", **kwargs
        )


class SeDeconnecter(LogoutView):
    """Ferme la session ici, puis chez le fournisseur d'identité si c'est lui qui l'a ouverte et s'il le permet."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """L'adresse du fournisseur se compose avant que la session ne se ferme."""
        retour = request.build_absolute_uri(resolve_url(settings.LOGOUT_REDIRECT_URL))
        sortie = adresse_de_sortie(request, retour=retour)
        reponse: HttpResponse = super().post(request, *args, **kwargs)
        return HttpResponseRedirect(sortie) if sortie else reponse


def _personnes_de_demonstration() -> list[Rattachement]:
    """Les rattachements ouverts, bailleurs d'abord ; la démonstration n'en crée qu'une poignée."""
    ordre = ["bailleur", "reservataire", "collectivite", "etat", "plateforme"]
    ouverts = Rattachement.objects.actifs().select_related("organisme", "utilisateur")
    return sorted(ouverts, key=lambda un: (ordre.index(un.organisme.nature), un.organisme.nom, un.role))


@login_not_required
@require_POST
@rls.identifie
def connexion_demo(request: RequeteConnue, pk: int) -> HttpResponse:
    """Connecte en un clic dans un rôle de la démonstration ; n'existe pas ailleurs."""
    if not settings.DEMO:
        raise Http404
    rattachement = next((un for un in _personnes_de_demonstration() if un.pk == pk), None)
    if rattachement is None:
        raise Http404
    login(request, rattachement.utilisateur, backend=MODELE_DE_CONNEXION)
    request.session[CLE_RATTACHEMENT] = rattachement.pk
    return redirect(arrivee(rattachement.acteur()))


@require_POST
def choisir_organisme(request: RequeteConnue) -> HttpResponse:
    """Agit désormais au nom d'un autre de ses organismes."""
    choisi = next((un for un in request.rattachements if str(un.pk) == request.POST.get("rattachement")), None)
    if choisi is None:
        raise Http404
    request.session[CLE_RATTACHEMENT] = choisi.pk
    logger.info("utilisateur=%s agit pour organisme=%s", choisi.utilisateur_id, choisi.organisme_id)
    messages.success(request, f"Vous agissez maintenant pour {choisi.organisme.nom}.")
    return redirect(arrivee(choisi.acteur()))


@login_not_required
@require_POST
def choisir_theme(request: RequeteConnue) -> HttpResponse:
    """Retient l'apparence (claire, sombre, ou celle du système) dans un cookie, et revient à la page."""
    suite = request.POST.get("suite", "")
    if not url_has_allowed_host_and_scheme(suite, allowed_hosts={request.get_host()}):
        suite = "/"
    reponse = HttpResponseRedirect(suite)
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        reponse.set_cookie("theme", theme, max_age=UN_AN, samesite="Lax", secure=request.is_secure())
    else:
        reponse.delete_cookie("theme", samesite="Lax")
    return reponse


def sans_organisme(request: RequeteConnue) -> HttpResponse:
    """Dit à une personne connectée sans rattachement ce qu'elle peut faire."""
    return render(request, "acces/sans_organisme.html", {"titre": "Aucun organisme"})
