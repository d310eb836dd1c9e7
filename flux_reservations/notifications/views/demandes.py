"""Les demandes et leurs réponses, des deux côtés : qui conteste ou demande une précision, et le bailleur qui répond (RG-74)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views import View

from flux_reservations.acces.reserve import LECTEURS_DE_DROITS, ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.notifications.actions.demandes import demander, repondre_a_une_demande
from flux_reservations.notifications.demandes import Demande, GenreDemande, SuiteDemande
from flux_reservations.notifications.models import Envoi
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil, Pastille, ecrire_instant
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe

_TONS = {"": "attention", "repondue": "succes", "maintenue": "neutre", "corrigee": "succes"}


class FormulaireTexte(forms.Form):
    """Ce qu'on demande."""

    texte = forms.CharField(
        label="Votre demande",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Le fait, la date, ce que vous attendez. Aucun nom, rien sur la santé, l'origine ou la vie privée d'un ménage.",
    )


class FormulaireReponse(forms.Form):
    """Ce qu'on répond."""

    suite = forms.ChoiceField(label="Suite", choices=SuiteDemande.choices, widget=forms.RadioSelect)
    reponse = forms.CharField(
        label="Votre réponse",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Elle se lit telle quelle chez qui demande, et reste. Rien de nominatif.",
    )


def pastille_de(demande: Demande) -> Pastille:
    """Où en est une demande."""
    return Pastille(demande.get_suite_display() or "En attente", _TONS[demande.suite])  # type: ignore[arg-type]  # ton littéral


class ListeDemandes(ReserveeMixin, VueListe[Demande]):
    """Les demandes faites ou reçues."""

    natures = frozenset({Nature.BAILLEUR}) | LECTEURS_DE_DROITS
    titre = "Demandes et contestations"
    legende = "Demandes, de la plus récente à la plus ancienne"
    nom_export = "demandes"
    singulier = "demande"
    vide_titre = "Aucune demande"
    vide_texte = "Une contestation se fait depuis la ligne de décompte ou le logement en cause ; une précision, depuis un envoi reçu."
    colonnes = (
        Colonne[Demande](
            "sujet",
            "Sujet",
            lambda un: un.sujet,
            tri=("sujet",),
            lien=lambda un: reverse("demande", args=[un.pk]),
            entete_de_ligne=True,
        ),
        Colonne[Demande]("genre", "Genre", lambda un: un.get_genre_display(), tri=("genre",), secondaire=True),
        Colonne[Demande]("de", "De", lambda un: un.emetteur.nom, tri=("emetteur__nom",)),
        Colonne[Demande]("a", "À", lambda un: un.destinataire.nom, tri=("destinataire__nom",), secondaire=True),
        Colonne[Demande]("faite_le", "Faite", lambda un: un.faite_le, "instant", tri=("faite_le",)),
        Colonne[Demande]("suite", "Suite", pastille_de, "pastille", tri=("suite",)),
    )

    def lire(self) -> QuerySet[Demande]:
        """Ce que l'acteur voit."""
        return Demande.objects.visibles_par(self.request.acteur).select_related("emetteur", "destinataire")


def _lire(request: Requete, pk: int) -> Demande:
    demande = (
        Demande.objects.visibles_par(request.acteur).select_related("emetteur", "destinataire").filter(pk=pk).first()
    )
    if demande is None:
        raise Introuvable
    return demande


class FicheDemande(ReserveeMixin, View):
    """Une demande et sa réponse."""

    natures = frozenset({Nature.BAILLEUR}) | LECTEURS_DE_DROITS

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre la fiche."""
        demande = _lire(request, pk)
        peut = request.acteur.peut(Role.GESTIONNAIRE) and demande.destinataire_id == request.acteur.organisme_id
        contexte = {
            "titre": demande.sujet,
            "fil": [("Demandes et contestations", reverse("demandes"))],
            "demande": demande,
            "etat": pastille_de(demande),
            "peut_repondre": peut and not demande.suite,
        }
        return render(request, "portail/demande.html", contexte)


class RepondreDemande(ReserveeMixin, VueActe):
    """Répondre à une demande reçue."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    titre = "Répondre à la demande"
    bouton = "Envoyer la réponse"
    formulaire = FormulaireReponse
    demande: Demande

    def preparer(self, **cles: Any) -> None:
        """La demande, si elle est adressée à l'acteur."""
        self.demande = _lire(self.request, cles["pk"])

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Ce qui est demandé."""
        une = self.demande
        return [
            ("De", une.emetteur.nom),
            ("Sujet", une.sujet),
            ("Faite", ecrire_instant(une.faite_le)),
            ("Demande", une.texte),
        ]

    def avertissement(self) -> str:
        """Une seule réponse."""
        return "La réponse est définitive. Si vous corrigez, faites d'abord la correction : le décompte suit."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Répond."""
        repondre_a_une_demande(acteur=self.request.acteur, demande_id=self.demande.pk, **donnees)
        return "Réponse enregistrée : elle se lit chez qui a demandé."

    def retour(self) -> str:
        """La fiche."""
        return reverse("demande", args=[self.demande.pk])


class DemanderPrecision(ReserveeMixin, VueActe):
    """Demander une précision au bailleur sur un envoi reçu, ou lu sur son département."""

    natures = LECTEURS_DE_DROITS
    role = Role.GESTIONNAIRE
    titre = "Demander une précision"
    bouton = "Envoyer la demande"
    formulaire = FormulaireTexte
    envoi: Envoi

    def preparer(self, **cles: Any) -> None:
        """L'envoi, si l'acteur le voit."""
        envois = Envoi.objects.visibles_par(self.request.acteur).exclude(emetteur_id=self.request.acteur.organisme_id)
        envoi = envois.select_related("emetteur").filter(pk=cles["pk"]).first()
        if envoi is None:
            raise Introuvable
        self.envoi = envoi

    def recapitulatif(self) -> list[tuple[str, object]]:
        """L'envoi en cause."""
        return [
            ("Envoi", self.envoi.objet),
            ("De", self.envoi.emetteur.nom),
            ("Déposé", ecrire_instant(self.envoi.depose_le)),
        ]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Enregistre la demande."""
        demander(
            acteur=self.request.acteur,
            genre=GenreDemande.PRECISION,
            destinataire_id=self.envoi.emetteur_id,
            objet_type="notifications.envoi",
            objet_cle=str(self.envoi.pk),
            sujet=self.envoi.objet,
            texte=donnees["texte"],
            service=self.envoi.service,
        )
        return "Demande envoyée au bailleur."

    def retour(self) -> str:
        """Les demandes."""
        return reverse("demandes")

    def fil(self) -> Fil:
        """Les demandes."""
        return [("Demandes et contestations", reverse("demandes"))]
