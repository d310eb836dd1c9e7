"""Le patrimoine du bailleur : la liste, ce qui la compose, et la fiche d'un logement (RG-05, RG-06, RG-07)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

import django_filters
from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from conventions.domaine.codes import Financement, HorsChamp, Typologie
from conventions.models import Logement, ReservationStock
from flux_reservations.acces.navigation import adresse_de
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.presentation import Moment, Pastille, compter, ecrire_nombre
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, Depliage, VueListe, repondre_depliage
from flux_reservations.territoires.models import Commune

DANS_LE_CHAMP = Q(hors_champ="") | Q(hors_champ__isnull=True)
HORS_DU_CHAMP = ~Q(hors_champ="") & Q(hors_champ__isnull=False)
HORS_QPV = Q(qpv="") | Q(qpv__isnull=True)
EN_QPV = ~Q(qpv="") & Q(qpv__isnull=False)
"""Conditions sur les annotations de `avec_situation` ; un logement sans situation est dans le champ et hors QPV."""
CHAMP = [("dans", "Dans le champ du flux"), *HorsChamp.choix()]


def situation_de(logement: Logement) -> Pastille:
    """Ce que le logement est aujourd'hui pour le flux, d'après `avec_situation`."""
    motif = getattr(logement, "hors_champ", "")
    return (
        Pastille(HorsChamp(motif).libelle.partition(" (")[0], "attention")
        if motif
        else Pastille("Dans le champ", "succes")
    )


def communes_de(request: HttpRequest | None) -> QuerySet[Commune]:
    """Les communes où le bailleur a des logements."""
    acteur = cast("Requete", request).acteur
    return Commune.objects.visibles_par(acteur).filter(pk__in=Logement.objects.visibles_par(acteur).values("commune"))


class FiltrePatrimoine(django_filters.FilterSet):
    """Recherche et filtres du patrimoine."""

    q = django_filters.CharFilter(label="Rechercher", method="chercher", widget=forms.SearchInput)
    commune = django_filters.ModelChoiceFilter(label="Commune", queryset=communes_de, empty_label="Toutes")
    typologie = django_filters.ChoiceFilter(label="Typologie", choices=Typologie.choix(), empty_label="Toutes")
    financement = django_filters.ChoiceFilter(label="Financement", choices=Financement.choix(), empty_label="Tous")
    qpv = django_filters.ChoiceFilter(
        label="QPV", choices=[("oui", "En QPV"), ("non", "Hors QPV")], method="par_qpv", empty_label="Tous"
    )
    champ = django_filters.ChoiceFilter(label="Champ", choices=CHAMP, method="par_champ", empty_label="Tous")

    class Meta:
        model = Logement
        fields: ClassVar[list[str]] = []

    def chercher(self, logements: QuerySet[Logement], nom: str, valeur: str) -> QuerySet[Logement]:
        """Identifiant, identifiant RPLS, adresse ou programme."""
        del nom
        return logements.filter(
            Q(identifiant__icontains=valeur)
            | Q(identifiant_rpls__istartswith=valeur)
            | Q(adresse__icontains=valeur)
            | Q(programme__icontains=valeur)
        )

    def par_qpv(self, logements: QuerySet[Logement], nom: str, valeur: str) -> QuerySet[Logement]:
        """En quartier prioritaire aujourd'hui, ou non."""
        del nom
        return logements.filter(EN_QPV if valeur == "oui" else HORS_QPV)

    def par_champ(self, logements: QuerySet[Logement], nom: str, valeur: str) -> QuerySet[Logement]:
        """Dans le champ, ou hors champ pour ce motif."""
        del nom
        return logements.filter(DANS_LE_CHAMP if valeur == "dans" else Q(hors_champ=valeur))


COLONNES: Sequence[Colonne[Logement]] = (
    Colonne(
        "identifiant",
        "Identifiant",
        lambda logement: logement.identifiant,
        tri=("identifiant",),
        lien=lambda logement: reverse("logement", args=[logement.pk]),
        entete_de_ligne=True,
    ),
    Colonne("adresse", "Adresse", lambda logement: logement.adresse, tri=("adresse",)),
    Colonne("commune", "Commune", lambda logement: logement.commune.nom, tri=("commune__cle_tri", "adresse")),
    Colonne("programme", "Programme", lambda logement: logement.programme, tri=("programme",), secondaire=True),
    Colonne("typologie", "Type", lambda logement: logement.typologie, tri=("typologie",)),
    Colonne("surface", "Surface (m²)", lambda logement: logement.surface, "decimal", tri=("surface",), secondaire=True),
    Colonne("financement", "Financement", lambda logement: logement.financement, tri=("financement",), secondaire=True),
    Colonne("qpv", "QPV", lambda logement: getattr(logement, "qpv", ""), tri=("qpv",)),
    Colonne("champ", "Flux", situation_de),
)


class Patrimoine(ReserveeMixin, VueListe[Logement]):
    """Les logements du bailleur, tels qu'ils sont aujourd'hui."""

    natures = frozenset({Nature.BAILLEUR})
    titre = "Patrimoine"
    legende = "Logements du patrimoine"
    nom_export = "patrimoine"
    singulier = "logement"
    colonnes = COLONNES
    classe_filtre = FiltrePatrimoine
    tri_par_defaut = "identifiant"
    gabarit = "conventions/patrimoine.html"
    vide_titre = "Aucun logement"
    vide_texte = "Importez votre patrimoine, d'un tableur ou de votre fichier RPLS : le flux se calcule sur lui."

    def lire(self) -> QuerySet[Logement]:
        """Le patrimoine de l'acteur, avec la situation du jour."""
        return (
            Logement.objects.visibles_par(self.request.acteur)
            .avec_situation(timezone.localdate())
            .select_related("commune")
        )

    def contexte(self) -> dict[str, Any]:
        """Les nombres du haut : dans le champ, hors champ, en stock."""
        logements = Logement.objects.visibles_par(self.request.acteur).avec_situation(timezone.localdate())
        hors = logements.filter(HORS_DU_CHAMP).count()
        return {
            "dans_le_champ": logements.count() - hors,
            "hors_champ": hors,
            "en_stock": ReservationStock.objects.visibles_par(self.request.acteur)
            .actives(timezone.localdate())
            .values("logement")
            .distinct()
            .count(),
            "peut_saisir_l_occupation": self.request.acteur.peut(Role.GESTIONNAIRE),
        }


class DetailPatrimoine(ReserveeMixin, View):
    """Les lignes d'un nombre du patrimoine : `champ` par commune, `hors-champ` par motif, `stock` par réservataire."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, quoi: str) -> HttpResponse:
        """Répond le détail demandé."""
        lire = {"champ": _par_commune, "hors-champ": _par_motif, "stock": _par_reservataire}.get(quoi)
        if lire is None:
            raise Introuvable
        return repondre_depliage(request, lire(request))


_FIL = "Patrimoine"


def _par_commune(request: Requete) -> Depliage:
    logements = Logement.objects.visibles_par(request.acteur).avec_situation(timezone.localdate())
    lignes = (
        logements.filter(DANS_LE_CHAMP)
        .values("commune__nom")
        .annotate(total=Count("pk"), en_qpv=Count("pk", filter=EN_QPV))
        .order_by("-total", "commune__nom")
    )
    return Depliage(
        titre="Logements dans le champ du flux, par commune",
        total=compter(sum(ligne["total"] for ligne in lignes), "logement"),
        entetes=["Commune", "Logements", "dont en QPV"],
        lignes=[
            [ligne["commune__nom"], ecrire_nombre(ligne["total"]), ecrire_nombre(ligne["en_qpv"])] for ligne in lignes
        ],
        regle="RG-06",
        fil=[(_FIL, reverse("patrimoine"))],
    )


def _par_motif(request: Requete) -> Depliage:
    logements = Logement.objects.visibles_par(request.acteur).avec_situation(timezone.localdate())
    hors = logements.filter(HORS_DU_CHAMP).values("hors_champ")  # type: ignore[misc]  # annotée par avec_situation
    lignes = hors.annotate(total=Count("pk")).order_by("-total", "hors_champ")  # type: ignore[misc]  # même annotation
    return Depliage(
        titre="Logements hors du champ du flux, par motif",
        total=compter(sum(ligne["total"] for ligne in lignes), "logement"),
        entetes=["Motif", "Logements"],
        lignes=[[HorsChamp(ligne["hors_champ"]).libelle, ecrire_nombre(ligne["total"])] for ligne in lignes],
        regle="RG-06",
        fil=[(_FIL, reverse("patrimoine"))],
    )


def _par_reservataire(request: Requete) -> Depliage:
    droits = ReservationStock.objects.visibles_par(request.acteur).actives(timezone.localdate())
    lignes = (
        droits.values("reservataire__nom")
        .annotate(
            suite=Count("logement", filter=Q(nature="suite"), distinct=True),
            unique=Count("logement", filter=Q(nature="unique"), distinct=True),
        )
        .order_by("-suite", "reservataire__nom")
    )
    return Depliage(
        titre="Logements portant un droit en stock, par réservataire",
        total=compter(droits.values("logement").distinct().count(), "logement"),
        entetes=["Réservataire", "Droits de suite", "Droits uniques"],
        lignes=[
            [ligne["reservataire__nom"], ecrire_nombre(ligne["suite"]), ecrire_nombre(ligne["unique"])]
            for ligne in lignes
        ],
        regle="RG-35",
        explication="Un logement peut porter les droits de plusieurs réservataires : les lignes ne s'additionnent pas.",
        fil=[(_FIL, reverse("patrimoine"))],
    )


class FicheLogement(ReserveeMixin, View):
    """La fiche d'un logement : ce qu'il est, ce qu'il a été, les droits en stock qu'il porte."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre la fiche ; le logement d'un autre bailleur est introuvable."""
        jour = timezone.localdate()
        logements = Logement.objects.visibles_par(request.acteur).avec_situation(jour).select_related("commune")
        logement = get_object_or_404(logements, pk=pk)
        liberations = adresse_de("liberations")
        contexte = {
            "titre": f"Logement {logement.identifiant}",
            "fil": [("Patrimoine", reverse("patrimoine"))],
            "logement": logement,
            "situation": situation_de(logement),
            "qpv": getattr(logement, "qpv", ""),
            "moments": _histoire(logement),
            "reservations": ReservationStock.objects.visibles_par(request.acteur)
            .filter(logement=logement)
            .select_related("reservataire")
            .order_by("date_debut", "pk"),
            "adresse_liberations": f"{liberations}?q={logement.identifiant}" if liberations else "",
        }
        return render(request, "conventions/logement.html", contexte)


def _histoire(logement: Logement) -> list[Moment]:
    """Les situations successives du logement, de la plus ancienne à la plus récente."""
    moments = []
    for situation in logement.situations.order_by("periode"):
        champ = HorsChamp(situation.hors_champ).libelle if situation.hors_champ else "Dans le champ du flux"
        quartier = f"Quartier prioritaire {situation.qpv}" if situation.qpv else "Hors QPV"
        moments.append(Moment(champ, situation.periode.lower, detail=quartier))
    return moments
