"""Le journal de l'organisme et le registre des consultations sensibles : consultables, exportables, chaîne vérifiée (RG-71)."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views import View

from flux_reservations.acces.consultations import noter_consultation
from flux_reservations.acces.journal import avec_noms
from flux_reservations.acces.models import Consultation, GenreConsultation
from flux_reservations.acces.reserve import GERANTS, ReserveeMixin
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.journal import verifier_chaine
from flux_reservations.socle.models import EntreeJournal
from flux_reservations.socle.presentation import Fil
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe


class FiltreJournal(django_filters.FilterSet):
    """Recherche et filtres du journal."""

    q = django_filters.CharFilter(
        label="Rechercher", method="chercher", widget=forms.TextInput(attrs={"type": "search"})
    )
    depuis = django_filters.DateFilter(
        label="Depuis", field_name="instant", lookup_expr="date__gte", widget=forms.DateInput(attrs={"type": "date"})
    )
    jusqu_au = django_filters.DateFilter(
        label="Jusqu'au", field_name="instant", lookup_expr="date__lte", widget=forms.DateInput(attrs={"type": "date"})
    )

    class Meta:
        model = EntreeJournal
        fields: ClassVar[list[str]] = []

    def chercher(self, entrees: QuerySet[EntreeJournal], nom: str, valeur: str) -> QuerySet[EntreeJournal]:
        """Acte, objet ou motif."""
        del nom
        return entrees.filter(
            Q(action__icontains=valeur.replace(" ", "_")) | Q(libelle__icontains=valeur) | Q(motif__icontains=valeur)
        )


def _ecrire(valeurs: dict[str, Any]) -> str:
    return json.dumps(valeurs, ensure_ascii=False, sort_keys=True) if valeurs else ""


class Journal(ReserveeMixin, VueListe[EntreeJournal]):
    """Qui a changé quoi, avant et après."""

    natures = GERANTS
    role = Role.RESPONSABLE
    titre = "Journal"
    legende = "Changements, du plus récent au plus ancien"
    nom_export = "journal"
    singulier = "entrée"
    gabarit = "acces/journal.html"
    classe_filtre = FiltreJournal
    tri_par_defaut = "-rang"
    vide_titre = "Rien au journal"
    vide_texte = "Chaque acte de votre organisme s'inscrit ici, avec ce qu'il a changé."
    colonnes: ClassVar[Any] = (
        Colonne(
            "rang",
            "N°",
            lambda un: un.rang,
            "nombre",
            tri=("rang",),
            lien=lambda un: reverse("entree_journal", args=[un.rang]),
            entete_de_ligne=True,
        ),
        Colonne("instant", "Quand", lambda un: un.instant, "instant", tri=("instant",)),
        Colonne("acteur", "Qui", lambda un: un.nom_acteur),
        Colonne("action", "Acte", lambda un: un.action.replace("_", " "), tri=("action",)),
        Colonne("objet", "Objet", lambda un: un.libelle),
        Colonne("motif", "Motif", lambda un: un.motif, secondaire=True),
    )
    colonnes_d_export: ClassVar[Any] = (
        Colonne("avant", "Avant", lambda un: _ecrire(un.avant)),
        Colonne("apres", "Après", lambda un: _ecrire(un.apres)),
        Colonne("precedente", "Empreinte précédente", lambda un: un.empreinte_precedente),
        Colonne("empreinte", "Empreinte", lambda un: un.empreinte),
    )
    """L'export se vérifie sans l'application."""

    def lire(self) -> QuerySet[EntreeJournal]:
        """La chaîne de l'organisme."""
        return avec_noms(EntreeJournal.objects.visibles_par(self.request.acteur))

    def get(self, request: Requete, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Note l'export au registre des consultations."""
        if "export" in request.GET:
            noter_consultation(
                request.acteur, GenreConsultation.JOURNAL, "socle.entreejournal", request.acteur.organisme_id
            )
        return super().get(request, *args, **kwargs)


class EntreeDuJournal(ReserveeMixin, View):
    """Une entrée : les valeurs d'avant et d'après, et sa place dans la chaîne."""

    natures = GERANTS
    role = Role.RESPONSABLE

    def get(self, request: Requete, rang: int) -> HttpResponse:
        """Montre l'entrée de ce rang."""
        entree = avec_noms(EntreeJournal.objects.visibles_par(request.acteur)).filter(rang=rang).first()
        if entree is None:
            raise Introuvable
        champs = sorted(entree.avant.keys() | entree.apres.keys())
        contexte = {
            "titre": f"Entrée n° {rang}",
            "fil": [("Journal", reverse("journal"))],
            "entree": entree,
            "changements": [(champ, entree.avant.get(champ, ""), entree.apres.get(champ, "")) for champ in champs],
        }
        return render(request, "acces/entree_journal.html", contexte)


class VerifierJournal(ReserveeMixin, View):
    """Vérifier la chaîne : chaque empreinte recalculée, chaque maillon relié au précédent."""

    natures = GERANTS
    role = Role.RESPONSABLE

    def get(self, request: Requete) -> HttpResponse:
        """Recalcule et dit."""
        fautives = verifier_chaine(request.acteur.organisme_id)
        contexte = {
            "titre": "Vérification du journal",
            "fil": [("Journal", reverse("journal"))],
            "fautives": fautives,
            "nombre": EntreeJournal.objects.visibles_par(request.acteur).count(),
        }
        return render(request, "acces/verifier_journal.html", contexte)


class ListeConsultations(ReserveeMixin, VueListe[Consultation]):
    """Qui a lu ou exporté des données nominatives."""

    natures = GERANTS
    role = Role.RESPONSABLE
    titre = "Consultations sensibles"
    legende = "Consultations de données nominatives, de la plus récente à la plus ancienne"
    nom_export = "consultations"
    singulier = "consultation"
    vide_titre = "Aucune consultation notée"
    colonnes: ClassVar[Any] = (
        Colonne[Consultation](
            "instant", "Quand", lambda un: un.instant, "instant", tri=("instant",), entete_de_ligne=True
        ),
        Colonne[Consultation](
            "personne", "Personne", lambda un: un.utilisateur.nom_complet if un.utilisateur else "jeton d'API"
        ),
        Colonne[Consultation]("genre", "Ce qui a été lu", lambda un: un.get_genre_display(), tri=("genre",)),
        Colonne[Consultation]("objet", "Objet", lambda un: un.objet, secondaire=True),
        Colonne[Consultation]("motif", "Motif", lambda un: un.motif),
    )

    def lire(self) -> QuerySet[Consultation]:
        """Celles de l'organisme."""
        return Consultation.objects.visibles_par(self.request.acteur).select_related("utilisateur")

    def fil(self) -> Fil:
        """Retour au journal."""
        return [("Journal", reverse("journal"))]
