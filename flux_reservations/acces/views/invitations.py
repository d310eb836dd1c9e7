"""Inviter quelqu'un, annuler, accepter (domaine.md § 6)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from flux_reservations.acces import actions_invitations as actions
from flux_reservations.acces.formulaires import FormulaireAcceptation, FormulaireInvitation
from flux_reservations.acces.models import Invitation, Organisme
from flux_reservations.acces.reserve import GERANTS, ReserveeMixin
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.cles import lire_entier
from flux_reservations.commun.erreurs import ErreurMetier, Introuvable
from flux_reservations.socle.actes import SansSaisie, VueActe
from flux_reservations.socle.presentation import Fil, ecrire_instant
from flux_reservations.socle.requete import Requete


class Inviter(ReserveeMixin, VueActe):
    """Inviter quelqu'un dans un organisme : le sien, ou n'importe lequel pour la plateforme (`?organisme=`)."""

    natures = GERANTS
    role = Role.RESPONSABLE
    titre = "Inviter une personne"
    bouton = "Envoyer l'invitation"
    organisme: Organisme

    def preparer(self, **cles: Any) -> None:
        """L'organisme où l'on invite."""
        del cles
        cle = lire_entier(self.request.GET.get("organisme", "")) or self.request.acteur.organisme_id or 0
        organisme = Organisme.objects.modifiables_par(self.request.acteur).filter(pk=cle).first()
        if organisme is None:
            raise Introuvable
        self.organisme = organisme

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Les rôles dépendent de l'organisme."""
        return FormulaireInvitation(donnees, organisme=self.organisme)

    def recapitulatif(self) -> list[tuple[str, object]]:
        """L'organisme."""
        return [("Organisme", self.organisme.nom)]

    def fil(self) -> Fil:
        """Retour à la liste, ou à la fiche de l'organisme d'où vient l'administration."""
        ailleurs = self.organisme.pk != self.request.acteur.organisme_id
        return [(self.organisme.nom, self.retour())] if ailleurs else [("Personnes et rôles", reverse("personnes"))]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Le lien part par courriel."""
        actions.inviter(acteur=self.request.acteur, organisme_id=self.organisme.pk, **donnees)
        return f"Invitation envoyée à {donnees['courriel']} : le lien vaut sept jours."

    def retour(self) -> str:
        """La liste, ou la fiche de l'organisme d'où vient l'administration."""
        ailleurs = self.organisme.pk != self.request.acteur.organisme_id
        return reverse("organisme", args=[self.organisme.pk]) if ailleurs else reverse("personnes")


class AnnulerInvitation(ReserveeMixin, VueActe):
    """Annuler une invitation encore ouverte."""

    natures = GERANTS
    role = Role.RESPONSABLE
    titre = "Annuler l'invitation"
    bouton = "Annuler l'invitation"
    formulaire = SansSaisie
    invitation: Invitation

    def preparer(self, **cles: Any) -> None:
        """L'invitation, si elle est à l'organisme de l'acteur."""
        invitation = Invitation.objects.visibles_par(self.request.acteur).filter(pk=cles["pk"]).first()
        if invitation is None:
            raise Introuvable
        self.invitation = invitation

    def recapitulatif(self) -> list[tuple[str, object]]:
        """À qui, jusqu'à quand."""
        return [("Courriel", self.invitation.courriel), ("Expire", ecrire_instant(self.invitation.expire_le))]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Le lien ne vaut plus rien."""
        del donnees
        actions.annuler_invitation(acteur=self.request.acteur, invitation_id=self.invitation.pk)
        return "Invitation annulée."

    def retour(self) -> str:
        """La liste."""
        return reverse("personnes")


@login_not_required
def accepter_invitation(request: Requete, secret: str) -> HttpResponse:
    """Page du lien reçu par courriel : se nommer, choisir un mot de passe, entrer."""
    invitation = actions.lire_invitation(secret)
    if invitation is None:
        return render(request, "acces/invitation_close.html", {"titre": "Ce lien n'est plus valable"}, status=404)
    formulaire = FormulaireAcceptation(request.POST or None)
    if request.method == "POST" and formulaire.is_valid():
        try:
            actions.accepter_invitation(secret=secret, **formulaire.cleaned_data)
        except ErreurMetier as erreur:
            formulaire.add_error(erreur.champ if erreur.champ in formulaire.fields else None, erreur.message)
        else:
            messages.success(request, "Votre accès est ouvert : connectez-vous.")
            return redirect("connexion")
    contexte = {"titre": f"Votre accès pour {invitation.organisme.nom}", "form": formulaire, "invitation": invitation}
    reponse = render(request, "acces/invitation.html", contexte, status=422 if formulaire.errors else 200)
    # L'adresse est un secret : elle ne suit pas un lien, et ne reste pas en cache.
    reponse["Referrer-Policy"], reponse["Cache-Control"] = "no-referrer", "no-store"
    return reponse
