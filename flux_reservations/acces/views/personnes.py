"""Les personnes d'un organisme : la liste, inviter, changer un rôle, laisser partir ; et le journal des connexions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from flux_reservations.acces import actions
from flux_reservations.acces.formulaires import (
    FormulaireAcceptation,
    FormulaireInvitation,
    FormulaireOrganisme,
    FormulaireRole,
)
from flux_reservations.acces.models import Connexion, Invitation, Organisme, Rattachement
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.actes import SansSaisie, VueActe
from flux_reservations.socle.presentation import Fil, Pastille, ecrire_instant
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe

GERANTS = frozenset({Nature.BAILLEUR, Nature.RESERVATAIRE, Nature.ETAT, Nature.COLLECTIVITE, Nature.PLATEFORME})


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
            lambda un: un.utilisateur.last_login,
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
        return {"invitations": ouvertes.select_related("organisme")}


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
        }
        return render(request, "acces/personne.html", contexte)


def _lire(request: Requete, pk: int) -> Rattachement:
    visibles = Rattachement.objects.visibles_par(request.acteur).select_related("utilisateur", "organisme")
    rattachement = visibles.filter(pk=pk).first()
    if rattachement is None:
        raise Introuvable
    return rattachement


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
        demande = self.request.GET.get("organisme", "")
        cle = int(demande) if demande.isdigit() else self.request.acteur.organisme_id or 0
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
        """Retour à la liste."""
        return [("Personnes et rôles", reverse("personnes"))]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Le lien part par courriel."""
        actions.inviter(acteur=self.request.acteur, organisme_id=self.organisme.pk, **donnees)
        return f"Invitation envoyée à {donnees['courriel']} : le lien vaut sept jours."

    def retour(self) -> str:
        """La liste."""
        return reverse("personnes")


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
        return FormulaireRole(donnees, organisme=self.rattachement.organisme, initial={"role": self.rattachement.role})

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
    return render(request, "acces/invitation.html", contexte, status=422 if formulaire.errors else 200)


class ListeConnexions(ReserveeMixin, VueListe[Connexion]):
    """Le journal des connexions : les siennes, et pour un responsable celles de son organisme."""

    natures = GERANTS
    titre = "Journal des connexions"
    legende = "Connexions, de la plus récente à la plus ancienne"
    nom_export = "connexions"
    singulier = "entrée"
    vide_titre = "Aucune connexion notée"
    colonnes = (
        Colonne[Connexion](
            "instant", "Quand", lambda un: un.instant, "instant", tri=("instant",), entete_de_ligne=True
        ),
        Colonne[Connexion](
            "personne", "Personne", lambda un: un.utilisateur.nom_complet if un.utilisateur else "Courriel inconnu"
        ),
        Colonne[Connexion]("genre", "Ce qui s'est passé", lambda un: un.get_genre_display(), tri=("genre",)),
        Colonne[Connexion]("adresse", "Adresse IP", lambda un: un.adresse_ip, secondaire=True),
        Colonne[Connexion]("navigateur", "Navigateur", lambda un: un.navigateur, secondaire=True),
    )

    def lire(self) -> QuerySet[Connexion]:
        """Ce que l'acteur voit."""
        return Connexion.objects.visibles_par(self.request.acteur).select_related("utilisateur")


class ListeOrganismes(ReserveeMixin, VueListe[Organisme]):
    """Les organismes de la plateforme, pour son administration."""

    natures = frozenset({Nature.PLATEFORME})
    titre = "Organismes"
    legende = "Organismes de la plateforme"
    nom_export = "organismes"
    singulier = "organisme"
    gabarit = "acces/organismes.html"
    tri_par_defaut = "nom"
    vide_titre = "Aucun organisme"
    colonnes = (
        Colonne[Organisme](
            "nom",
            "Nom",
            lambda un: un.nom,
            tri=("nom",),
            lien=lambda un: f"{reverse('inviter')}?organisme={un.pk}",
            entete_de_ligne=True,
        ),
        Colonne[Organisme]("nature", "Nature", lambda un: un.get_nature_display(), tri=("nature",)),
        Colonne[Organisme]("siren", "SIREN", lambda un: un.siren, tri=("siren",)),
        Colonne[Organisme]("territoire", "Territoire", lambda un: un.territoire_id, secondaire=True),
        Colonne[Organisme]("courriel", "Courriel", lambda un: un.courriel, secondaire=True),
    )

    def lire(self) -> QuerySet[Organisme]:
        """Tous."""
        if self.request.acteur.nature is not Nature.PLATEFORME:
            raise AccesRefuse
        return Organisme.objects.visibles_par(self.request.acteur)


class CreerAdministration(ReserveeMixin, VueActe):
    """Créer un organisme d'administration de la plateforme ; bailleurs et réservataires s'importent, avec leur registre."""

    natures = frozenset({Nature.PLATEFORME})
    role = Role.ADMINISTRATEUR
    titre = "Créer un organisme d'administration"
    bouton = "Créer l'organisme"
    formulaire = FormulaireOrganisme

    def preparer(self, **cles: Any) -> None:
        """Rien à lire."""

    def executer(self, donnees: dict[str, Any]) -> str:
        """Crée l'organisme."""
        actions.creer_organisme(
            acteur=self.request.acteur, nature=Nature.PLATEFORME.value, territoire_id=None, **donnees
        )
        return "Organisme créé : invitez-y quelqu'un."

    def retour(self) -> str:
        """La liste."""
        return reverse("organismes")
