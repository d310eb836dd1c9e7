"""Mon compte : mes organismes, mes sessions, mon second facteur, mon mot de passe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from flux_reservations.acces import second_facteur as facteur
from flux_reservations.acces.forms import MotDePasseOublieForm
from flux_reservations.acces.formulaires import FormulaireCode
from flux_reservations.acces.middleware import RequeteConnue
from flux_reservations.acces.models import Connexion, Secteur, SessionOuverte, Utilisateur
from flux_reservations.acces.navigation import arrivee
from flux_reservations.acces.sessions import revoquer_sessions
from flux_reservations.acces.views.personnes import absences_a_venir
from flux_reservations.acces.views.portefeuilles import DECOUPES
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle import rls


def entrer(request: RequeteConnue) -> HttpResponse:
    """Mène à la page d'arrivée de l'organisme au nom duquel on agit."""
    return redirect(arrivee(request.acteur) if request.rattachements else reverse("sans_organisme"))


def mon_compte(request: RequeteConnue) -> HttpResponse:
    """Tout ce qui touche à la personne connectée."""
    personne = cast("Utilisateur", request.user)
    actif, codes = facteur.etat(personne)
    mien = request.rattachements[0] if request.acteur.nature in DECOUPES else None
    contexte = {
        "titre": "Mon compte",
        "personne": personne,
        "rattachements": request.rattachements,
        "mon_rattachement": mien,
        "secteurs": Secteur.objects.visibles_par(request.acteur).suivis_par(request.acteur, timezone.localdate()),
        "absences": absences_a_venir(request, mien) if mien else None,
        "second_facteur": actif,
        "codes_restants": codes,
        "sessions": SessionOuverte.objects.visibles_par(request.acteur),
        "cle_de_session": request.session.session_key,
        "connexions": Connexion.objects.visibles_par(request.acteur).filter(utilisateur=personne)[:10],
    }
    return render(request, "acces/mon_compte.html", contexte)


@require_POST
def revoquer_session(request: RequeteConnue, pk: int) -> HttpResponse:
    """Ferme une de ses sessions."""
    if not SessionOuverte.objects.visibles_par(request.acteur).filter(pk=pk).exists():
        raise Introuvable
    revoquer_sessions(cast("int", request.user.pk), session_id=pk)
    messages.success(request, "Session fermée.")
    return redirect("mon_compte")


@require_POST
def revoquer_mes_sessions(request: RequeteConnue) -> HttpResponse:
    """Ferme toutes ses sessions sauf celle-ci."""
    nombre = revoquer_sessions(cast("int", request.user.pk), sauf=request.session.session_key or "")
    messages.success(request, f"{nombre} session{'s' if nombre > 1 else ''} fermée{'s' if nombre > 1 else ''}.")
    return redirect("mon_compte")


@never_cache
@rls.identifie
def second_facteur_activer(request: RequeteConnue) -> HttpResponse:
    """Montre le code à lire avec l'application, et confirme par un premier code."""
    personne = cast("Utilisateur", request.user)
    if facteur.etat(personne)[0] and not personne.is_verified():  # type: ignore[attr-defined]  # django-otp
        return redirect("second_facteur")
    formulaire = FormulaireCode(request.POST or None)
    if request.method == "POST" and formulaire.is_valid():
        codes = facteur.confirmer(request, formulaire.cleaned_data["code"])
        if codes:
            return render(request, "acces/codes_de_secours.html", {"titre": "Vos codes de secours", "codes": codes})
        formulaire.add_error(
            "code", "Ce code n'est pas le bon : vérifiez l'heure de votre appareil, puis saisissez le code affiché."
        )
    appareil = facteur.preparer(personne)
    contexte = {
        "titre": "Activer le second facteur",
        "form": formulaire,
        "image": facteur.image_du_code(appareil),
        "secret": facteur.secret_en_clair(appareil),
    }
    return render(request, "acces/second_facteur_activer.html", contexte, status=422 if formulaire.errors else 200)


@never_cache
@rls.identifie
def second_facteur(request: RequeteConnue) -> HttpResponse:
    """Demande le code du second facteur, après le mot de passe."""
    formulaire = FormulaireCode(request.POST or None)
    if request.method == "POST" and formulaire.is_valid():
        if facteur.verifier(request, formulaire.cleaned_data["code"]):
            return redirect(
                arrivee(request.rattachements[0].acteur()) if request.rattachements else reverse("sans_organisme")
            )
        formulaire.add_error("code", "Ce code n'est pas le bon, ou vient de servir : attendez le suivant.")
    contexte = {"titre": "Second facteur", "form": formulaire}
    return render(request, "acces/second_facteur.html", contexte, status=422 if formulaire.errors else 200)


@never_cache
@rls.identifie
def codes_de_secours(request: RequeteConnue) -> HttpResponse:
    """Tire de nouveaux codes de secours : les anciens ne valent plus rien."""

    def tirer() -> HttpResponse:
        codes = facteur.tirer_codes_de_secours(cast("Utilisateur", request.user))
        return render(request, "acces/codes_de_secours.html", {"titre": "Vos codes de secours", "codes": codes})

    return _avec_un_code(request, "Nouveaux codes de secours", "Tirer dix codes neufs", tirer)


@never_cache
@rls.identifie
def second_facteur_retirer(request: RequeteConnue) -> HttpResponse:
    """Retire son second facteur (changement d'appareil) ; qui signe ou publie devra en activer un autre aussitôt."""

    def retirer() -> HttpResponse:
        facteur.retirer(cast("Utilisateur", request.user))
        messages.success(request, "Second facteur retiré.")
        return redirect("mon_compte")

    return _avec_un_code(request, "Retirer le second facteur", "Retirer", retirer)


def _avec_un_code(request: RequeteConnue, titre: str, bouton: str, acte: Callable[[], HttpResponse]) -> HttpResponse:
    """Fait l'acte si la personne donne un code valable : une session laissée ouverte ne suffit pas à affaiblir un compte."""
    personne = cast("Utilisateur", request.user)
    if not facteur.etat(personne)[0]:
        return redirect("second_facteur_activer")
    formulaire = FormulaireCode(request.POST or None)
    if request.method == "POST" and formulaire.is_valid():
        if facteur.verifier(request, formulaire.cleaned_data["code"]):
            return acte()
        formulaire.add_error("code", "Ce code n'est pas le bon, ou vient de servir : attendez le suivant.")
    contexte = {
        "titre": titre,
        "fil": [("Mon compte", reverse("mon_compte"))],
        "form": formulaire,
        "bouton": bouton,
        "ton": "principal",
        "retour": reverse("mon_compte"),
    }
    return render(request, "acte.html", contexte, status=422 if formulaire.errors else 200)


class _Acte:
    """Ce que `acte.html` attend d'une vue de mot de passe."""

    template_name: str | None = "acte.html"
    titre = ""
    bouton = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Titre, bouton, retour."""
        contexte: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]  # mélangée à une vue de Django
        retour = reverse("mon_compte" if self.request.user.is_authenticated else "connexion")  # type: ignore[attr-defined]  # de même
        return contexte | {"titre": self.titre, "bouton": self.bouton, "ton": "principal", "retour": retour}


@method_decorator(rls.identifie, name="dispatch")
class ChangerMotDePasse(_Acte, auth_views.PasswordChangeView):
    """Changer son mot de passe : ses autres sessions se ferment."""

    titre, bouton = "Changer mon mot de passe", "Changer le mot de passe"
    success_url = reverse_lazy("mon_compte")

    def form_valid(self, form: Any) -> HttpResponse:
        """Change le mot de passe et ferme les autres sessions."""
        ancienne = self.request.session.session_key
        reponse = super().form_valid(form)
        SessionOuverte.objects.filter(cle=ancienne).update(cle=self.request.session.session_key)
        revoquer_sessions(cast("int", self.request.user.pk), sauf=self.request.session.session_key or "")
        messages.success(self.request, "Mot de passe changé.")
        return reponse


@method_decorator([login_not_required, rls.identifie], name="dispatch")
class MotDePasseOublie(_Acte, auth_views.PasswordResetView):
    """Demander un lien ; la réponse est la même que le courriel soit connu ou non."""

    titre, bouton = "Mot de passe oublié", "Recevoir un lien"
    form_class = MotDePasseOublieForm
    success_url = reverse_lazy("connexion")

    def form_valid(self, form: Any) -> HttpResponse:
        """Envoie le lien s'il y a lieu."""
        messages.success(self.request, "Si ce courriel a un compte, un lien vient de lui être envoyé.")
        return super().form_valid(form)


@method_decorator([login_not_required, sensitive_post_parameters(), rls.identifie], name="dispatch")
class NouveauMotDePasse(_Acte, auth_views.PasswordResetConfirmView):
    """Choisir un nouveau mot de passe, par le lien reçu : toutes les sessions se ferment."""

    titre, bouton = "Nouveau mot de passe", "Enregistrer"
    template_name = "acces/nouveau_mot_de_passe.html"
    success_url = reverse_lazy("connexion")

    def form_valid(self, form: Any) -> HttpResponse:
        """Enregistre et ferme les sessions."""
        reponse = super().form_valid(form)
        revoquer_sessions(form.user.pk)
        messages.success(self.request, "Mot de passe enregistré : connectez-vous.")
        return reponse
