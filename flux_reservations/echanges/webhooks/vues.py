"""Les appels automatiques à l'écran : abonner une adresse, voir ses appels, essayer, rejouer, suspendre."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.echanges.webhooks import actions
from flux_reservations.echanges.webhooks.modeles import ANNONCABLES, Abonnement, Appel, EtatAppel, Evenement
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil, Pastille, type_de_ton
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe

ABONNABLES = frozenset({Nature.BAILLEUR, Nature.RESERVATAIRE, Nature.ETAT, Nature.COLLECTIVITE})
TONS: dict[str, type_de_ton] = {
    EtatAppel.PREVU: "neutre",
    EtatAppel.EN_COURS: "information",
    EtatAppel.LIVRE: "succes",
    EtatAppel.ABANDONNE: "danger",
}
PAR_PAGE = 50


def etat_de(abonnement: Abonnement) -> Pastille:
    """À vérifier, actif ou suspendu."""
    if abonnement.verifie_le is None and not abonnement.desactive_le:
        return Pastille("À vérifier", "attention")
    return Pastille("Suspendu", "attention") if abonnement.desactive_le else Pastille("Actif", "succes")


def nommer_evenements(abonnement: Abonnement) -> str:
    """Ce qui est annoncé, en toutes lettres."""
    return ", ".join(libelle for code, libelle in ANNONCABLES if code in abonnement.evenements)


class PourResponsable(ReserveeMixin):
    """Réservé au responsable d'un organisme qui lit des événements."""

    natures = ABONNABLES
    role = Role.RESPONSABLE


class Abonnements(PourResponsable, VueListe[Abonnement]):
    """Les abonnements de l'organisme."""

    titre = "Appels automatiques"
    legende = "Abonnements de l'organisme"
    nom_export = "abonnements"
    singulier = "abonnement"
    gabarit = "echanges/webhooks.html"
    tri_par_defaut = "usage"
    vide_titre = "Aucun abonnement"
    vide_texte = "Donnez l'adresse d'un logiciel : il sera appelé à chaque orientation, bail ou bilan publié."
    colonnes: ClassVar[Any] = (
        Colonne[Abonnement](
            "usage",
            "Usage",
            lambda un: un.usage,
            tri=("usage",),
            lien=lambda un: reverse("webhook", args=[un.pk]),
            entete_de_ligne=True,
        ),
        Colonne[Abonnement]("adresse", "Adresse", lambda un: un.adresse),
        Colonne[Abonnement]("evenements", "Annonce", nommer_evenements, secondaire=True),
        Colonne[Abonnement]("livres", "Livrés", lambda un: getattr(un, "livres", 0), "nombre"),
        Colonne[Abonnement]("attente", "En attente", lambda un: getattr(un, "attente", 0), "nombre"),
        Colonne[Abonnement]("abandonnes", "Abandonnés", lambda un: getattr(un, "abandonnes", 0), "nombre"),
        Colonne[Abonnement]("etat", "État", etat_de, "pastille"),
    )

    def lire(self) -> QuerySet[Abonnement]:
        """Ceux de l'organisme, et leurs appels par état."""
        return Abonnement.objects.visibles_par(self.request.acteur).annotate(
            livres=Count("appels", filter=Q(appels__etat=EtatAppel.LIVRE)),
            attente=Count("appels", filter=Q(appels__etat__in=[EtatAppel.PREVU, EtatAppel.EN_COURS])),
            abandonnes=Count("appels", filter=Q(appels__etat=EtatAppel.ABANDONNE)),
        )


class FormulaireAbonnement(forms.Form):
    """L'adresse, l'usage, les événements."""

    usage = forms.CharField(
        label="Usage", max_length=120, help_text="Le logiciel appelé : « progiciel, orientations »."
    )
    adresse = forms.URLField(
        label="Adresse appelée",
        max_length=500,
        assume_scheme="https",
        help_text="En https, joignable depuis Internet. Elle reçoit un POST en JSON, et répond 2xx en moins de dix secondes.",
    )
    evenements = forms.MultipleChoiceField(
        label="Événements annoncés", choices=ANNONCABLES, widget=forms.CheckboxSelectMultiple
    )


class Abonner(PourResponsable, VueActe):
    """Abonner une adresse."""

    titre = "Abonner une adresse"
    bouton = "Abonner"
    formulaire = FormulaireAbonnement
    cree: Abonnement | None = None

    def preparer(self, **cles: Any) -> None:
        """Rien à lire."""

    def executer(self, donnees: dict[str, Any]) -> str:
        """Abonne."""
        self.cree = actions.abonner(acteur=self.request.acteur, **donnees)
        return "Abonnement créé. L'adresse reçoit un défi : elle sera appelée dès qu'elle l'aura rendu."

    def retour(self) -> str:
        """La fiche, une fois abonnée."""
        return reverse("webhook", args=[self.cree.pk]) if self.cree else reverse("webhooks")

    def fil(self) -> Fil:
        """La liste."""
        return [("Appels automatiques", reverse("webhooks"))]


def lire_abonnement(request: Requete, pk: int) -> Abonnement:
    """Un abonnement que l'acteur voit ; lève `Introuvable` sinon."""
    abonnement = Abonnement.objects.visibles_par(request.acteur).filter(pk=pk).first()
    if abonnement is None:
        raise Introuvable
    return abonnement


class VueAbonnement(PourResponsable):
    """Un abonnement : son secret, ses appels."""

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """La page."""
        abonnement = lire_abonnement(request, pk)
        appels = Paginator(abonnement.appels.order_by("-pk"), PAR_PAGE).get_page(request.GET.get("page"))
        contexte = {
            "titre": f"Appels : {abonnement.usage}",
            "fil": [("Appels automatiques", reverse("webhooks"))],
            "abonnement": abonnement,
            "etat": etat_de(abonnement),
            "evenements": nommer_evenements(abonnement),
            "verification": Evenement.VERIFICATION.value,
            "page": appels,
            "appels": [
                (appel, Pastille(appel.get_etat_display(), TONS[appel.etat]), _lisible(appel)) for appel in appels
            ],
        }
        return render(request, "echanges/webhook.html", contexte)


def _lisible(appel: Appel) -> str:
    return json.dumps(appel.corps, ensure_ascii=False, indent=2)


class ActeSurAbonnement(PourResponsable, VueActe):
    """Un acte sur un abonnement."""

    abonnement: Abonnement

    def preparer(self, **cles: Any) -> None:
        """Lit l'abonnement."""
        self.abonnement = lire_abonnement(self.request, cles["pk"])

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Lequel."""
        return [("Usage", self.abonnement.usage), ("Adresse", self.abonnement.adresse)]

    def retour(self) -> str:
        """Sa fiche."""
        return reverse("webhook", args=[self.abonnement.pk])

    def fil(self) -> Fil:
        """La liste, puis la fiche."""
        return [("Appels automatiques", reverse("webhooks")), (self.abonnement.usage, self.retour())]


class Suspendre(ActeSurAbonnement):
    """Cesser d'appeler."""

    titre, bouton, ton = "Suspendre les appels", "Suspendre", "danger"

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "Les appels sont retenus trente jours : ils partiront à la reprise. Passé ce temps, l'adresse sera à vérifier de nouveau."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Suspend."""
        del donnees
        actions.suspendre(acteur=self.request.acteur, abonnement_id=self.abonnement.pk)
        return "Appels suspendus."


class ChangerSecret(ActeSurAbonnement):
    """Tirer un nouveau secret."""

    titre, bouton, ton = "Changer le secret", "Changer le secret", "danger"

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return (
            "Pendant 24 heures, chaque appel porte deux signatures, celle du nouveau secret et celle de l'ancien : mettez le nouveau dans "
            "le logiciel appelé. Un secret perdu se change deux fois de suite : l'ancien ne signe alors plus rien."
        )

    def executer(self, donnees: dict[str, Any]) -> str:
        """Change."""
        del donnees
        actions.changer_le_secret(acteur=self.request.acteur, abonnement_id=self.abonnement.pk)
        return "Secret changé."


class Desabonner(ActeSurAbonnement):
    """Supprimer l'abonnement."""

    titre, bouton, ton = "Supprimer l'abonnement", "Supprimer", "danger"
    supprime = False

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "L'abonnement, ses appels en attente et leur histoire sont effacés."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Supprime."""
        del donnees
        actions.desabonner(acteur=self.request.acteur, abonnement_id=self.abonnement.pk)
        self.supprime = True
        return "Abonnement supprimé."

    def retour(self) -> str:
        """La liste, une fois supprimé."""
        return reverse("webhooks") if self.supprime else super().retour()


class Geste(PourResponsable):
    """Un bouton de la fiche, sans page de confirmation."""

    http_method_names = ["post"]  # noqa: RUF012 : attribut d'instance chez Django


class Essayer(Geste):
    """Poser un appel d'essai."""

    def post(self, request: Requete, pk: int) -> HttpResponse:
        """Pose."""
        actions.essayer_abonnement(acteur=request.acteur, abonnement_id=pk)
        messages.success(request, "Appel d'essai en route : rechargez la page dans quelques secondes.")
        return HttpResponseRedirect(reverse("webhook", args=[pk]))


class Verifier(Geste):
    """Renvoyer le défi."""

    def post(self, request: Requete, pk: int) -> HttpResponse:
        """Renvoie."""
        actions.verifier_de_nouveau(acteur=request.acteur, abonnement_id=pk)
        messages.success(request, "Vérification en route : rechargez la page dans quelques secondes.")
        return HttpResponseRedirect(reverse("webhook", args=[pk]))


class Reprendre(Geste):
    """Appeler de nouveau."""

    def post(self, request: Requete, pk: int) -> HttpResponse:
        """Reprend."""
        if actions.reprendre(acteur=request.acteur, abonnement_id=pk).verifie_le is None:
            messages.success(request, "Abonnement repris : faites vérifier son adresse, ses appels partiront ensuite.")
        else:
            messages.success(request, "Appels repris : ceux qui attendaient partent.")
        return HttpResponseRedirect(reverse("webhook", args=[pk]))


class Rejouer(Geste):
    """Refaire un appel."""

    def post(self, request: Requete, pk: int) -> HttpResponse:
        """Rejoue."""
        appel: Appel = actions.rejouer(acteur=request.acteur, appel_id=pk)
        messages.success(request, "Appel rejoué, sous la même clé.")
        return HttpResponseRedirect(reverse("webhook", args=[appel.abonnement_id]))
