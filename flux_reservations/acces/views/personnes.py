"""Les personnes d'un organisme : la liste, la fiche, changer un rôle, laisser partir (domaine.md § 6)."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet
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
from flux_reservations.acces.roles import NATURES, ROLES
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil, Pastille
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe


class FiltrePersonnes(django_filters.FilterSet):
    """Recherche et filtres des personnes ; la nature de l'organisme ne sert qu'à l'administration, qui les voit tous."""

    q = django_filters.CharFilter(label="Rechercher", method="chercher", widget=forms.SearchInput)
    nature = django_filters.ChoiceFilter(
        label="Organisme", field_name="organisme__nature", choices=NATURES, empty_label="Tous"
    )
    role = django_filters.ChoiceFilter(label="Rôle", choices=ROLES, empty_label="Tous")
    acces = django_filters.ChoiceFilter(
        label="Accès",
        choices=[("ouvert", "Ouvert"), ("jamais", "Ouvert, jamais utilisé"), ("ferme", "Fermé")],
        method="par_acces",
        empty_label="Tous",
    )

    class Meta:
        model = Rattachement
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.request.acteur.nature is not Nature.PLATEFORME:
            del self.filters["nature"]

    def chercher(self, personnes: QuerySet[Rattachement], nom: str, valeur: str) -> QuerySet[Rattachement]:
        """Nom, prénom, courriel ou organisme."""
        del nom
        return personnes.filter(
            Q(utilisateur__nom__icontains=valeur)
            | Q(utilisateur__prenom__icontains=valeur)
            | Q(utilisateur__courriel__icontains=valeur)
            | Q(organisme__nom__icontains=valeur)
        )

    def par_acces(self, personnes: QuerySet[Rattachement], nom: str, valeur: str) -> QuerySet[Rattachement]:
        """Accès ouvert, ouvert mais jamais utilisé, ou fermé."""
        del nom
        if valeur == "ferme":
            return personnes.filter(clos_le__isnull=False)
        ouverts = personnes.filter(clos_le__isnull=True)
        return ouverts.filter(utilisateur__last_login__isnull=True) if valeur == "jamais" else ouverts


class ListePersonnes(ReserveeMixin, VueListe[Rattachement]):
    """Qui a un rôle, ou en a eu un, dans l'organisme."""

    natures = GERANTS
    role = Role.RESPONSABLE
    titre = "Personnes et rôles"
    legende = "Personnes de l'organisme"
    nom_export = "personnes"
    singulier = "personne"
    gabarit = "acces/personnes.html"
    classe_filtre = FiltrePersonnes
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
