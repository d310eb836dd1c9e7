"""Les bilans à l'écran du bailleur : liste, brouillon, aperçu, publication, registre des envois (ecrans.md, bailleur 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from bilans.actions import abandonner, destinataires_du_bilan, preparer_bilan, publier
from bilans.domaine.empreinte import calculer_empreinte
from bilans.forms import FormulairePreparation, FormulairePublication, FormulaireSeance
from bilans.models import Bilan
from bilans.models.bilan import EtatBilan, GenreBilan
from bilans.pdf import nom_du_fichier
from bilans.pdf_debut_annee import information_xlsx
from bilans.tableaux import AXES, LectureDuBilan
from bilans.tableur import bilan_xlsx
from conventions.models import Logement
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.droit.delais import dernier_jour_du_bilan
from flux_reservations.notifications.actions.suivre import relancer
from flux_reservations.notifications.models import Envoi, EtatEnvoi
from flux_reservations.notifications.views.registre import pastille_de as pastille_d_envoi
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.exports import TYPE_XLSX, repondre_csv
from flux_reservations.socle.presentation import Etape, Fil, Pastille, compter, ecrire_instant, type_de_ton
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
    vide_texte = "Préparez le bilan de l'an passé : il est à transmettre avant le 28 février."
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
        Colonne("departement", "Département", lambda un: un.departement_id, tri=("departement_id",)),
        Colonne("version", "Version", lambda un: un.version, "nombre", tri=("version",)),
        Colonne("etat", "État", pastille_de, "pastille", tri=("etat",)),
        Colonne("publie", "Publié le", lambda un: un.publie_le, "date", tri=("publie_le",)),
    )

    def lire(self) -> QuerySet[Bilan]:
        """Ceux du bailleur, sans leurs données."""
        return Bilan.objects.visibles_par(self.request.acteur).defer("donnees")

    def contexte(self) -> dict[str, Any]:
        """La prochaine échéance."""
        jour = timezone.localdate()
        annee = jour.year - 1 if jour <= dernier_jour_du_bilan(jour.year - 1) else jour.year
        return {
            "peut_preparer": self.request.acteur.peut(Role.GESTIONNAIRE),
            "echeance": dernier_jour_du_bilan(annee),
            "annee_attendue": annee,
        }


class Preparer(ReserveeMixin, VueActe):
    """Choisir le document à préparer."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    titre, bouton = "Préparer un document annuel", "Préparer"
    bilan: Bilan | None = None

    def preparer(self, **cles: Any) -> None:
        """Les départements où le bailleur a des logements."""
        del cles
        lignes = (
            Logement.objects.visibles_par(self.request.acteur)
            .values_list("commune__departement_id", "commune__departement__nom")
            .annotate(nombre=Count("pk"))
            .order_by("-nombre")
        )
        self.departements = [(code, f"{nom} ({code})") for code, nom, _ in lignes]

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Genre, département, année."""
        annee = timezone.localdate().year
        return FormulairePreparation(
            donnees,
            initial={"annee": annee - 1, "genre": self.request.GET.get("genre", GenreBilan.ANNUEL)},
            departements=self.departements,
            annees=range(annee + 1, annee - ANNEES_PROPOSEES, -1),
        )

    def executer(self, donnees: dict[str, Any]) -> str:
        """Ouvre le brouillon et lance sa production."""
        acteur = self.request.acteur
        self.bilan = preparer_bilan(
            acteur=acteur,
            bailleur_id=acteur.organisme_id or 0,
            departement=donnees["departement"],
            annee=donnees["annee"],
            genre=donnees["genre"],
        )
        return "La production est lancée ; vous pouvez quitter cette page."

    def retour(self) -> str:
        """Le bilan ouvert, à défaut la liste."""
        return reverse("bilan", args=[self.bilan.pk]) if self.bilan else reverse("bilans")

    def fil(self) -> Fil:
        """Bilans."""
        return [("Bilans", reverse("bilans"))]


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


class ActeSurBilan(ReserveeMixin, VueActe):
    """Un acte sur un bilan du bailleur."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    bilan: Bilan

    def preparer(self, **cles: Any) -> None:
        """Le bilan visible."""
        self.bilan = lire_bilan(self.request, cles["pk"])

    def retour(self) -> str:
        """La fiche."""
        return reverse("bilan", args=[self.bilan.pk])

    def fil(self) -> Fil:
        """Bilans, puis le bilan."""
        return [("Bilans", reverse("bilans")), (self.bilan.titre, self.retour())]

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le document et sa version."""
        return [
            ("Document", self.bilan.titre),
            ("Département", self.bilan.departement.nom),
            ("Version", self.bilan.version),
        ]


class Publier(ActeSurBilan):
    """Publier : récapitulatif, puis confirmation ; ensuite rien ne change plus."""

    role = Role.RESPONSABLE
    titre, bouton, ton = "Publier et envoyer", "Publier et envoyer", "danger"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Une présentation en CALEOL demande la date de sa séance."""
        return (FormulaireSeance if self.bilan.genre == GenreBilan.CALEOL else FormulairePublication)(donnees)

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Ce qui part, à qui, par quelle voie."""
        lignes = [*super().recapitulatif(), ("Empreinte des données", self.bilan.empreinte)]
        if self.bilan.genre == GenreBilan.CALEOL:
            return lignes
        destinataires = destinataires_du_bilan(self.bilan)
        sans_courriel = [un.nom for un in destinataires if not un.courriel]
        lignes.append(("Destinataires", compter(len(destinataires), "organisme")))
        lignes.append(("Par courriel", ", ".join(un.nom for un in destinataires if un.courriel) or "aucun"))
        if sans_courriel:
            lignes.append(("Par une autre voie, à saisir", ", ".join(sans_courriel)))
        return lignes

    def avertissement(self) -> str:
        """Ce que la publication a d'irréversible."""
        if self.bilan.genre == GenreBilan.ANNUEL:
            return (
                "Une fois publié, ce bilan ne change plus : une correction sera une nouvelle version. Les soldes qu'il arrête ouvrent "
                "l'année suivante, et l'avis part aussitôt à tous les destinataires, à la même date."
            )
        return "Une fois publié, ce document ne change plus : une correction sera une nouvelle version."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Publie."""
        bilan = publier(acteur=self.request.acteur, bilan_id=self.bilan.pk, date_seance=donnees.get("date_seance"))
        return f"Publié le {ecrire_instant(bilan.publie_le)}. Les envois partent ; leur registre est sur cette page."


class Refaire(ActeSurBilan):
    """Refaire un brouillon, ou ouvrir la version suivante d'un bilan publié."""

    titre, bouton = "Refaire avec les données d'aujourd'hui", "Refaire"
    suivant: Bilan | None = None

    def avertissement(self) -> str:
        """Ce que cela fait."""
        if self.bilan.etat == EtatBilan.PUBLIE:
            return "La version publiée reste telle quelle ; une nouvelle version est préparée, qui dira ce qui change."
        return "Le brouillon est refait ; l'aperçu actuel est remplacé."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Relance la production."""
        del donnees
        self.suivant = preparer_bilan(
            acteur=self.request.acteur,
            bailleur_id=self.bilan.bailleur_id,
            departement=self.bilan.departement_id,
            annee=self.bilan.annee,
            genre=self.bilan.genre,
        )
        return "La production est lancée."

    def retour(self) -> str:
        """La version produite."""
        return reverse("bilan", args=[(self.suivant or self.bilan).pk])


class Abandonner(ActeSurBilan):
    """Supprimer un brouillon."""

    titre, bouton, ton = "Abandonner ce brouillon", "Abandonner", "danger"
    est_abandonne = False

    def executer(self, donnees: dict[str, Any]) -> str:
        """Supprime."""
        del donnees
        abandonner(acteur=self.request.acteur, bilan_id=self.bilan.pk)
        self.est_abandonne = True
        return "Le brouillon est abandonné."

    def retour(self) -> str:
        """La liste, une fois supprimé."""
        return reverse("bilans") if self.est_abandonne else super().retour()


class RelancerTous(ActeSurBilan):
    """Rappeler le bilan à ceux qui n'en ont pas accusé réception."""

    titre, bouton = "Relancer ceux qui n'ont pas accusé réception", "Envoyer les rappels"

    def executer(self, donnees: dict[str, Any]) -> str:
        """Envoie les rappels."""
        del donnees
        attendus = envois_de(self.request, self.bilan).filter(recu_le__isnull=True).values_list("pk", flat=True)
        nombre = relancer(acteur=self.request.acteur, envois=attendus)
        return (
            f"{compter(nombre, 'rappel')} envoyés."
            if nombre
            else "Tous les rappels possibles sont déjà partis aujourd'hui."
        )


class TableurDuBilan(ReserveeMixin):
    """Le tableur d'un bilan, refait de ses données figées ; ouvert à qui voit le bilan."""

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Le XLSX."""
        bilan = lire_bilan(request, pk)
        if "document" not in bilan.donnees:
            raise Introuvable("Ce document n'est pas encore produit.")
        octets = information_xlsx(bilan.donnees) if bilan.genre == GenreBilan.DEBUT_ANNEE else bilan_xlsx(bilan.donnees)
        nom = nom_du_fichier(bilan.bailleur.siren, bilan.departement_id, bilan.annee, "xlsx")
        return HttpResponse(
            octets, content_type=TYPE_XLSX, headers={"Content-Disposition": f'attachment; filename="{nom}"'}
        )


class LignesDuBilan(ReserveeMixin):
    """Les lignes du bilan en CSV ; ouvert à qui voit le bilan."""

    def get(self, request: Requete, pk: int) -> HttpResponseBase:
        """Le CSV, un croisement par ligne."""
        bilan = lire_bilan(request, pk)
        cles = ("compte", "commune", "qpv", "typologie", "financement", "periode_construction", "proposes", "attribues")
        lignes = ([ligne[cle] for cle in cles] for ligne in bilan.donnees.get("lignes", []))
        return repondre_csv(f"bilan-{bilan.bailleur.siren}-{bilan.departement_id}-{bilan.annee}", cles, lignes)
