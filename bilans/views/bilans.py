"""Les bilans à l'écran du bailleur : liste, brouillon, aperçu, publication, registre des envois (ecrans.md, bailleur 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from bilans.lecture import LectureDuBilan
from bilans.models import Bilan
from bilans.models.bilan import EtatBilan, GenreBilan
from bilans.tableaux import AXES
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.empreinte import calculer_empreinte
from flux_reservations.droit.delais import dernier_jour_du_bilan, echeance_du_bilan
from flux_reservations.notifications.models import Envoi, EtatEnvoi
from flux_reservations.notifications.views.registre import pastille_de as pastille_d_envoi
from flux_reservations.socle.presentation import Etape, Pastille, ecrire_jour_et_mois, type_de_ton
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe

TONS: dict[str, type_de_ton] = {
    EtatBilan.BROUILLON: "neutre",
    EtatBilan.EN_PRODUCTION: "information",
    EtatBilan.PRET: "accent",
    EtatBilan.ECHEC: "danger",
    EtatBilan.PUBLIE: "succes",
}
ANNEES_PROPOSEES = 5


def pastille_de(bilan: Bilan) -> Pastille:
    """L'état d'un bilan."""
    return Pastille(bilan.get_etat_display(), TONS[bilan.etat])


class FiltreBilans(django_filters.FilterSet):
    """Recherche et filtres des bilans."""

    genre = django_filters.ChoiceFilter(label="Document", choices=GenreBilan.choices, empty_label="Tous")
    etat = django_filters.ChoiceFilter(label="État", choices=EtatBilan.choices, empty_label="Tous")
    annee = django_filters.NumberFilter(label="Année", widget=forms.NumberInput(attrs={"inputmode": "numeric"}))

    class Meta:
        model = Bilan
        fields: ClassVar[list[str]] = []


class Bilans(ReserveeMixin, VueListe[Bilan]):
    """Les bilans du bailleur, toutes versions."""

    natures = frozenset({Nature.BAILLEUR})
    titre, legende, nom_export, singulier = "Bilans", "Bilans et informations annuelles", "bilans", "document"
    classe_filtre = FiltreBilans
    tri_par_defaut = "-annee"
    gabarit = "bilans/bilans.html"
    vide_titre = "Aucun bilan"
    colonnes: ClassVar[Sequence[Colonne[Any]]] = (
        Colonne(
            "document",
            "Document",
            lambda un: un.titre,
            tri=("genre",),
            lien=lambda un: reverse("bilan", args=[un.pk]),
            entete_de_ligne=True,
        ),
        Colonne("annee", "Année", lambda un: str(un.annee), tri=("annee", "version"), secondaire=True),
        Colonne("departement", "Département", lambda un: str(un.departement), tri=("departement_id",)),
        Colonne("version", "Version", lambda un: un.version, "nombre", tri=("version",)),
        Colonne("etat", "État", pastille_de, "pastille", tri=("etat",)),
        Colonne("publie", "Publié le", lambda un: un.publie_le, "date", tri=("publie_le",)),
    )

    def lire(self) -> QuerySet[Bilan]:
        """Ceux du bailleur, sans leurs données."""
        return Bilan.objects.visibles_par(self.request.acteur).select_related("departement").defer("donnees")

    def contexte(self) -> dict[str, Any]:
        """La prochaine échéance."""
        jour = timezone.localdate()
        annee = jour.year - 1 if jour <= dernier_jour_du_bilan(jour.year - 1) else jour.year
        return {
            "peut_preparer": self.request.acteur.peut(Role.GESTIONNAIRE),
            "echeance": dernier_jour_du_bilan(annee),
            "vide_texte": "Préparez le bilan de l'an passé : il est à transmettre avant le "
            f"{ecrire_jour_et_mois(echeance_du_bilan(annee))}.",
            "annee_attendue": annee,
        }


class FicheBilan(ReserveeMixin):
    """Un document : sa production, son aperçu, sa publication, ses envois."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre le document."""
        bilan = lire_bilan(request, pk)
        envois = list(envois_de(request, bilan))
        contexte: dict[str, Any] = {
            "titre": bilan.titre,
            "fil": [("Bilans", reverse("bilans"))],
            "bilan": bilan,
            "etat": pastille_de(bilan),
            "etapes": etapes_de(bilan, envois),
            "envois": [(envoi, pastille_d_envoi(envoi)) for envoi in envois],
            "comptes_des_envois": compter_les_envois(envois),
            "changements": bilan.ce_qui_change.splitlines(),
            "versions": Bilan.objects.visibles_par(request.acteur)
            .filter(genre=bilan.genre, departement_id=bilan.departement_id, annee=bilan.annee)
            .defer("donnees")
            .order_by("-version"),
            "empreinte_juste": bool(bilan.empreinte) and calculer_empreinte(bilan.donnees) == bilan.empreinte,
            "peut_agir": request.acteur.peut(Role.GESTIONNAIRE),
            "peut_publier": bilan.etat == EtatBilan.PRET and request.acteur.peut(Role.RESPONSABLE),
            "peut_relancer": request.acteur.peut(Role.GESTIONNAIRE) and any(envoi.recu_le is None for envoi in envois),
        }
        if {"flux", "document"} <= bilan.donnees.keys():
            contexte |= apercu(bilan)
        return render(request, "bilans/bilan.html", contexte)


def lire_bilan(request: Requete, pk: int) -> Bilan:
    """Le bilan, s'il est de ceux que l'acteur voit."""
    return get_object_or_404(
        Bilan.objects.visibles_par(request.acteur).select_related(
            "bailleur", "departement", "pdf", "tableur", "publie_par"
        ),
        pk=pk,
    )


def envois_de(request: Requete, bilan: Bilan) -> QuerySet[Envoi]:
    """Les envois du bilan, par destinataire."""
    return (
        Envoi.objects.visibles_par(request.acteur)
        .filter(objet_type="bilans.bilan", objet_cle=str(bilan.pk))
        .order_by("destinataire_nom")
    )


def apercu(bilan: Bilan) -> dict[str, Any]:
    """Les tableaux de l'aperçu : ceux du PDF."""
    lecture = LectureDuBilan(bilan.donnees)
    return {
        "chiffres": lecture.chiffres,
        "tableaux": [
            lecture.comptes(),
            lecture.sections(),
            lecture.par_compte(),
            *(lecture.par_axe(axe) for axe in AXES),
            lecture.suites(),
        ],
        "controles": [controle for controle in bilan.donnees["flux"]["controles"] if controle["niveau"] != "ok"],
        "titre_des_controles": (
            "Signalé à la publication" if bilan.etat == EtatBilan.PUBLIE else "À vérifier avant de publier"
        ),
    }


def etapes_de(bilan: Bilan, envois: list[Envoi]) -> list[Etape]:
    """Où en est le document : produit, relu, publié, reçu de tous."""
    pret, publie = bilan.etat in {EtatBilan.PRET, EtatBilan.PUBLIE}, bilan.etat == EtatBilan.PUBLIE
    recus = publie and bool(envois) and all(envoi.recu_le for envoi in envois)
    return [
        Etape("Produire", faite=pret, courante=not pret),
        Etape("Relire et publier", faite=publie, courante=pret and not publie),
        Etape("Recueillir les accusés", faite=recus, courante=publie and not recus),
    ]


def compter_les_envois(envois: list[Envoi]) -> list[tuple[str, int]]:
    """Nombre d'envois par état, dans l'ordre des états."""
    nombres = Counter(envoi.etat for envoi in envois)
    return [(etat.label, nombres[etat.value]) for etat in EtatEnvoi if nombres[etat.value]]


class Progression(ReserveeMixin):
    """L'avancement de la production, relu par htmx."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, pk: int) -> HttpResponseBase:
        """La barre ; la page entière se recharge quand c'est fini."""
        bilan = get_object_or_404(Bilan.objects.visibles_par(request.acteur).defer("donnees"), pk=pk)
        reponse = render(request, "bilans/progression.html", {"bilan": bilan})
        if bilan.etat != EtatBilan.EN_PRODUCTION and request.htmx:
            reponse["HX-Redirect"] = reverse("bilan", args=[bilan.pk])
        return reponse
