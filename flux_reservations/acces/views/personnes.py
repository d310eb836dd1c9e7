"""Les personnes d'un organisme : la liste, la fiche, changer un rôle, laisser partir (domaine.md § 6)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from flux_reservations.acces import actions
from flux_reservations.acces.formulaires import (
    FormulaireRole,
)
from flux_reservations.acces.models import Absence, Connexion, Invitation, Rattachement, Secteur
from flux_reservations.acces.reserve import GERANTS, ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil, Pastille
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe


class ListePersonnes(ReserveeMixin, VueListe[Rattachement]):
    """Qui a un rôle, ou en a eu un, dans l'organisme."""

    natures = GERANTS
    role = Role.RESPONSABLE
    titre = "Personnes et rôles"
    legende = "Personnes de l'organisme"
    nom_export = "personnes"
    singulier = "personne"
    gabarit = "acces/personnes.html"
    tri_par_defaut = "nom"
    vide_titre = "Personne pour l'instant"
    colonnes = (
        Colonne[Rattachement](
            "nom",
            "Personne",
            lambda un: un.utilisateur.nom_complet,
            tri=("utilisateur__nom", "utilisateur__courriel"),
            lien=lambda un: reverse("personne", args=[un.pk]),
            entete_de_ligne=True,
        ),
        Colonne[Rattachement](
            "courriel", "Courriel", lambda un: un.utilisateur.courriel, tri=("utilisateur__courriel",), secondaire=True
        ),
        Colonne[Rattachement](
            "organisme", "Organisme", lambda un: un.organisme.nom, tri=("organisme__nom",), secondaire=True
        ),
        Colonne[Rattachement]("role", "Rôle", lambda un: un.get_role_display(), tri=("role",)),
        Colonne[Rattachement](
            "derniere",
            "Dernière connexion",
            lambda un: None if un.clos_le else un.utilisateur.last_login,
            "instant",
            tri=("utilisateur__last_login",),
        ),
        Colonne[Rattachement](
            "etat", "État", lambda un: Pastille("Parti", "neutre") if un.clos_le else Pastille("Actif", "succes")
        ),
    )

    def lire(self) -> QuerySet[Rattachement]:
        """Les rattachements de l'organisme."""
        return Rattachement.objects.visibles_par(self.request.acteur).select_related("utilisateur", "organisme")

    def contexte(self) -> dict[str, Any]:
        """Les invitations en attente."""
        ouvertes = Invitation.objects.visibles_par(self.request.acteur).ouvertes(timezone.now())
        return {
            "invitations": ouvertes.select_related("organisme"),
            "a_des_secteurs": self.request.acteur.nature is not Nature.PLATEFORME,
        }


class FichePersonne(ReserveeMixin, View):
    """Une personne dans l'organisme : son rôle, ses dernières connexions, ce qu'on peut changer."""

    natures = GERANTS
    role = Role.RESPONSABLE

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre la fiche."""
        rattachement = _lire(request, pk)
        connexions = Connexion.objects.visibles_par(request.acteur).filter(utilisateur_id=rattachement.utilisateur_id)[
            :10
        ]
        contexte = {
            "titre": rattachement.utilisateur.nom_complet,
            "fil": [("Personnes et rôles", reverse("personnes"))],
            "rattachement": rattachement,
            "connexions": connexions,
            "a_des_secteurs": request.acteur.nature is not Nature.PLATEFORME and rattachement.role != Role.MEMBRE,
            "secteurs": Secteur.objects.visibles_par(request.acteur).filter(portefeuilles__rattachement=rattachement),
            "absences": absences_a_venir(request, rattachement),
        }
        return render(request, "acces/personne.html", contexte)


def absences_a_venir(request: Requete, rattachement: Rattachement) -> QuerySet[Absence]:
    """Les absences d'une personne qui ne sont pas finies."""
    visibles = Absence.objects.visibles_par(request.acteur).filter(
        rattachement=rattachement, au__gte=timezone.localdate()
    )
    return visibles.select_related("remplacant__utilisateur")


def _lire(request: Requete, pk: int) -> Rattachement:
    visibles = Rattachement.objects.visibles_par(request.acteur).select_related("utilisateur", "organisme")
    rattachement = visibles.filter(pk=pk).first()
    if rattachement is None:
        raise Introuvable
    return rattachement


class ActePersonne(ReserveeMixin, VueActe):
    """Un acte sur le rattachement d'une personne."""

    natures = GERANTS
    role = Role.RESPONSABLE
    rattachement: Rattachement

    def preparer(self, **cles: Any) -> None:
        """Le rattachement, s'il est à l'organisme de l'acteur."""
        self.rattachement = _lire(self.request, cles["pk"])

    def recapitulatif(self) -> list[tuple[str, object]]:
        """La personne, l'organisme, le rôle."""
        un = self.rattachement
        return [
            ("Personne", un.utilisateur.nom_complet),
            ("Organisme", un.organisme.nom),
            ("Rôle", un.get_role_display()),
        ]

    def fil(self) -> Fil:
        """Retour à la fiche."""
        return [
            ("Personnes et rôles", reverse("personnes")),
            (self.rattachement.utilisateur.nom_complet, self.retour()),
        ]

    def retour(self) -> str:
        """La fiche."""
        return reverse("personne", args=[self.rattachement.pk])


class ChangerRole(ActePersonne):
    """Changer le rôle d'une personne."""

    titre = "Changer le rôle"
    bouton = "Changer le rôle"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Le rôle actuel est proposé."""
        return FormulaireRole(
            donnees,
            organisme=self.rattachement.organisme,
            initial={"role": self.rattachement.role, "service": self.rattachement.service},
        )

    def executer(self, donnees: dict[str, Any]) -> str:
        """Change le rôle."""
        actions.changer_role(acteur=self.request.acteur, rattachement_id=self.rattachement.pk, **donnees)
        return "Rôle changé."


class FermerAcces(ActePersonne):
    """Départ d'un agent."""

    titre = "Fermer l'accès de cette personne"
    bouton = "Fermer l'accès"
    ton = "danger"

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "Ses sessions se ferment tout de suite et elle n'agit plus pour cet organisme. Ce qu'elle a fait reste au journal."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Clôt le rattachement."""
        del donnees
        actions.clore_rattachement(acteur=self.request.acteur, rattachement_id=self.rattachement.pk)
        return "Accès fermé."
