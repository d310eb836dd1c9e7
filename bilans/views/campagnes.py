"""Les campagnes : produire tous les documents annuels à la suite, voir l'avancement, interrompre, reprendre (RG-60 à RG-62)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from bilans.actions.campagnes import interrompre_campagne, ouvrir_campagne, reprendre_campagne
from bilans.forms import FormulaireCampagne
from bilans.models import Bilan, Campagne
from bilans.models.bilan import EtatBilan, GenreBilan
from bilans.views.actes import ANNEES_PROPOSEES, lire_departements
from bilans.views.bilans import pastille_de
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil, Pastille, compter
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.tables_vues import PageExportable
from flux_reservations.socle.vues import Colonne, VueListe


def pastille_de_campagne(campagne: Campagne) -> Pastille:
    """L'état d'une campagne, lu sur ce qui lui reste (annotations `reste`, `echecs`)."""
    reste, echecs = getattr(campagne, "reste", 0), getattr(campagne, "echecs", 0)
    if reste and campagne.interrompue_le:
        return Pastille("Interrompue", "attention")
    if reste:
        return Pastille("En cours", "information")
    return Pastille("Finie, avec des échecs", "danger") if echecs else Pastille("Finie", "succes")


def avec_avancement(campagnes: QuerySet[Campagne]) -> QuerySet[Campagne]:
    """Annote `documents`, `reste` et `echecs`."""
    return campagnes.annotate(
        documents=Count("bilans"),
        reste=Count("bilans", filter=Q(bilans__etat=EtatBilan.EN_PRODUCTION)),
        echecs=Count("bilans", filter=Q(bilans__etat=EtatBilan.ECHEC)),
    )


class Campagnes(ReserveeMixin, VueListe[Campagne]):
    """Les campagnes du bailleur."""

    natures = frozenset({Nature.BAILLEUR})
    titre, legende, nom_export, singulier = "Campagnes", "Campagnes de production", "campagnes", "campagne"
    tri_par_defaut = "-ouverte"
    vide_titre = "Aucune campagne"
    vide_texte = "Une campagne produit tous vos documents annuels à la suite, département par département."
    colonnes: ClassVar[Sequence[Colonne[Any]]] = (
        Colonne(
            "annee",
            "Année rendue",
            lambda une: f"Campagne {une.annee}",
            tri=("annee",),
            lien=lambda une: reverse("campagne", args=[une.pk]),
            entete_de_ligne=True,
        ),
        Colonne("ouverte", "Ouverte le", lambda une: une.cree_le, "instant", tri=("cree_le",)),
        Colonne("documents", "Documents", lambda une: une.documents, "nombre", tri=("documents",)),
        Colonne("reste", "À produire", lambda une: une.reste, "nombre", tri=("reste",)),
        Colonne("echecs", "Échecs", lambda une: une.echecs, "nombre", tri=("echecs",)),
        Colonne("etat", "État", pastille_de_campagne, "pastille"),
    )

    def lire(self) -> QuerySet[Campagne]:
        """Celles du bailleur."""
        return avec_avancement(Campagne.objects.visibles_par(self.request.acteur))


class OuvrirCampagne(ReserveeMixin, VueActe):
    """Choisir l'année, les documents, les départements."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    titre, bouton = "Produire tous les documents", "Lancer la campagne"
    campagne: Campagne | None = None

    def preparer(self, **cles: Any) -> None:
        """Les départements du bailleur."""
        del cles
        self.departements = lire_departements(self.request.acteur)

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Tout est coché d'avance : l'an passé, tous les départements, le bilan et l'information."""
        annee = timezone.localdate().year
        return FormulaireCampagne(
            donnees,
            initial={
                "annee": annee - 1,
                "genres": [GenreBilan.ANNUEL, GenreBilan.DEBUT_ANNEE],
                "departements": [code for code, _ in self.departements],
            },
            departements=self.departements,
            annees=range(annee - 1, annee - 1 - ANNEES_PROPOSEES, -1),
        )

    def avertissement(self) -> str:
        """Ce qui ne sera pas refait."""
        return "Seuls les documents qui manquent sont produits : ceux qui sont prêts ou publiés ne sont pas refaits. Rien n'est envoyé."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Lance."""
        acteur = self.request.acteur
        self.campagne = ouvrir_campagne(
            acteur=acteur,
            bailleur_id=acteur.organisme,
            annee=donnees["annee"],
            departements=donnees["departements"],
            genres=donnees["genres"],
        )
        return "La campagne est lancée ; vous pouvez quitter cette page."

    def retour(self) -> str:
        """La campagne, à défaut les bilans."""
        return reverse("campagne", args=[self.campagne.pk]) if self.campagne else reverse("bilans")

    def fil(self) -> Fil:
        """Bilans."""
        return [("Bilans", reverse("bilans"))]


def lire_campagne(request: Requete, pk: int) -> Campagne:
    """La campagne et son avancement, si l'acteur la voit."""
    return get_object_or_404(avec_avancement(Campagne.objects.visibles_par(request.acteur)), pk=pk)


class FicheCampagne(PageExportable, ReserveeMixin):
    """Une campagne : son avancement, ses documents."""

    nom_export = "campagne"
    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """La page, ou sa seule partie vivante que htmx relit."""
        campagne = lire_campagne(request, pk)
        documents = list(
            Bilan.objects.visibles_par(request.acteur)
            .filter(campagne=campagne)
            .select_related("departement")
            .defer("donnees")
            .order_by("departement__nom", "genre")
        )
        nombres = Counter(document.etat for document in documents)
        reste, peut_agir = nombres[EtatBilan.EN_PRODUCTION], request.acteur.peut(Role.GESTIONNAIRE)
        contexte = {
            "titre": f"Campagne {campagne.annee}",
            "fil": [("Bilans", reverse("bilans")), ("Campagnes", reverse("campagnes"))],
            "campagne": campagne,
            "etat": pastille_de_campagne(campagne),
            "en_travail": bool(reste) and campagne.interrompue_le is None,
            "fait": len(documents) - reste,
            "total": len(documents),
            "nombres": [(etat.label, nombres[etat.value]) for etat in EtatBilan if nombres[etat.value]],
            "documents": [(document, pastille_de(document)) for document in documents],
            "peut_publier": bool(nombres[EtatBilan.PRET]) and request.acteur.peut(Role.RESPONSABLE),
            "peut_interrompre": peut_agir and bool(reste) and campagne.interrompue_le is None,
            "peut_reprendre": peut_agir and bool(reste) and campagne.interrompue_le is not None,
        }
        gabarit = "bilans/campagne_avancement.html" if request.htmx else "bilans/campagne.html"
        reponse = render(request, gabarit, contexte)
        if request.htmx and not contexte["en_travail"]:
            reponse["HX-Redirect"] = reverse("campagne", args=[campagne.pk])
        return reponse


class ActeSurCampagne(ReserveeMixin, VueActe):
    """Un acte sur une campagne du bailleur."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    campagne: Campagne

    def preparer(self, **cles: Any) -> None:
        """La campagne visible."""
        self.campagne = lire_campagne(self.request, cles["pk"])

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Ce qui reste."""
        reste = getattr(self.campagne, "reste", 0)
        return [("Campagne", self.campagne.annee), ("Reste à produire", compter(reste, "document"))]

    def retour(self) -> str:
        """La campagne."""
        return reverse("campagne", args=[self.campagne.pk])

    def fil(self) -> Fil:
        """Bilans, campagnes, la campagne."""
        return [
            ("Bilans", reverse("bilans")),
            ("Campagnes", reverse("campagnes")),
            (f"Campagne {self.campagne.annee}", self.retour()),
        ]


class InterrompreCampagne(ActeSurCampagne):
    """S'arrêter après le document en cours."""

    titre, bouton = "Interrompre la campagne", "Interrompre"

    def executer(self, donnees: dict[str, Any]) -> str:
        """Interrompt."""
        del donnees
        interrompre_campagne(acteur=self.request.acteur, campagne_id=self.campagne.pk)
        return "La campagne s'arrête après le document en cours ; ce qui est produit est gardé."


class ReprendreCampagne(ActeSurCampagne):
    """Repartir où l'on en était."""

    titre, bouton = "Reprendre la campagne", "Reprendre"

    def executer(self, donnees: dict[str, Any]) -> str:
        """Reprend."""
        del donnees
        reprendre_campagne(acteur=self.request.acteur, campagne_id=self.campagne.pk)
        return "La campagne repart ; ce qui est produit ne se refait pas."
