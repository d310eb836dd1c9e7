"""Portail de qui détient des droits : les logements mis à sa disposition, le délai qui court, ses candidats (ecrans.md, réservataire)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from attributions.actions import candidats, mise_a_disposition
from attributions.chargement.parcours import avec_parcours, conventions_en_cause, lire_parcours
from attributions.domaine.parcours import Etape, est_en_carence, etape_de, limite_de_presentation
from attributions.forms import FormulaireDemande, FormulaireListeDeCandidats, FormulaireMotif
from attributions.models import Candidat, Orientation
from conventions.models import Convention
from flux_reservations.acces.consultations import GenreConsultation, noter_consultation
from flux_reservations.acces.portefeuilles import lire_secteur, secteurs_proposes
from flux_reservations.acces.reserve import LECTEURS_DE_DROITS, ReserveeMixin
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import ErreurMetier, Introuvable
from flux_reservations.notifications.models import Envoi
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.actes import SansSaisie, VueActe
from flux_reservations.socle.exports import repondre_csv, repondre_xlsx
from flux_reservations.socle.presentation import Fil, Pastille, compter, ecrire_date
from flux_reservations.socle.requete import Requete

RECENTS = 30
URGENT_EN_JOURS = 5


@dataclass(frozen=True, slots=True)
class LogementMisADisposition:
    """Une orientation telle que le réservataire la lit : où elle en est, la date limite, les jours qui restent."""

    orientation: Orientation
    convention: Convention | None
    etape: Etape
    limite: date | None
    jours: int | None
    en_retard: bool

    @property
    def etat(self) -> Pastille:
        """Où en est le logement, en deux mots."""
        if self.orientation.issue != "en_cours":
            tons = {"bail": "succes", "carence": "danger"}
            return Pastille(self.orientation.get_issue_display(), tons.get(self.orientation.issue, "neutre"))  # type: ignore[arg-type]  # ton littéral
        if self.en_retard:
            return Pastille("Délai dépassé", "danger")
        if self.attend_des_candidats:
            proche = self.jours is not None and self.jours <= URGENT_EN_JOURS
            return Pastille("Candidats attendus", "attention" if proche else "accent")
        return Pastille(self.etape.libelle, "information")

    @property
    def attend_des_candidats(self) -> bool:
        """Vrai tant que des candidats sont attendus."""
        return self.orientation.issue == "en_cours" and self.etape is Etape.CANDIDATS

    @property
    def adresse(self) -> str:
        """Le logement en une ligne."""
        logement = self.orientation.liberation.logement
        return f"{logement.adresse or logement.identifiant}, {logement.commune}"


def lire_logements(acteur: Acteur, le: date, *conditions: Q, **filtre: Any) -> list[LogementMisADisposition]:
    """Les orientations que l'acteur voit, avec leur délai : un nombre fixe de requêtes."""
    orientations = list(avec_parcours(Orientation.objects.visibles_par(acteur).filter(*conditions, **filtre)))
    conventions = conventions_en_cause(orientations)
    logements = []
    for orientation in orientations:
        convention = conventions.get(orientation.pk)
        parcours = lire_parcours(orientation, convention)
        limite = limite_de_presentation(parcours)
        jours = (limite - le).days if limite else None
        logements.append(
            LogementMisADisposition(
                orientation, convention, etape_de(parcours), limite, jours, est_en_carence(parcours, le)
            )
        )
    return logements


class LogementsAPourvoir(ReserveeMixin, View):
    """Les logements mis à disposition : ceux qui attendent, le plus pressé d'abord, puis les derniers conclus."""

    natures = LECTEURS_DE_DROITS

    def get(self, request: Requete) -> HttpResponseBase:
        """Montre la pile, ou l'exporte (`?export=csv|xlsx`)."""
        le = timezone.localdate()
        choix = request.GET.get("secteur", "")
        secteur = lire_secteur(request.acteur, choix, le)
        du_secteur = secteur.filtre("liberation__logement__") if secteur else Q()
        export = request.GET.get("export", "")
        if export in {"csv", "xlsx"}:
            return _exporter(export, lire_logements(request.acteur, le, du_secteur))
        en_cours = lire_logements(request.acteur, le, du_secteur, issue="en_cours")
        en_cours.sort(key=lambda un: (not un.attend_des_candidats, un.limite or date.max, un.orientation.pk))
        derniers = (
            Orientation.objects.visibles_par(request.acteur)
            .filter(du_secteur)
            .exclude(issue="en_cours")
            .order_by("-date_orientation", "-pk")
        )
        conclus = lire_logements(request.acteur, le, pk__in=list(derniers.values_list("pk", flat=True)[:RECENTS]))
        conclus.sort(key=lambda un: un.orientation.date_orientation, reverse=True)
        contexte = {
            "titre": "Logements à pourvoir",
            "en_cours": en_cours,
            "conclus": conclus,
            "secteurs": secteurs_proposes(request.acteur, le),
            "secteur_choisi": choix,
        }
        return render(request, "portail/logements.html", contexte)


def _exporter(genre: str, logements: list[LogementMisADisposition]) -> HttpResponseBase:
    entetes = [
        "Bailleur",
        "Libération",
        "Logement",
        "Typologie",
        "Commune",
        "Compte",
        "Mis à disposition",
        "Date limite",
        "État",
    ]
    lignes = (
        [
            un.orientation.liberation.bailleur.nom,
            un.orientation.liberation.numero,
            un.orientation.liberation.logement.adresse or un.orientation.liberation.logement.identifiant,
            un.orientation.liberation.logement.typologie,
            un.orientation.liberation.logement.commune.nom,
            un.orientation.compte,
            un.orientation.date_mise_a_disposition,
            un.limite,
            un.etat.libelle,
        ]
        for un in logements
    )
    return (repondre_csv if genre == "csv" else repondre_xlsx)("logements_a_pourvoir", entetes, lignes)


def _lire_un(acteur: Acteur, pk: int) -> LogementMisADisposition:
    if not acteur.est_reservataire:
        raise Introuvable
    trouves = lire_logements(acteur, timezone.localdate(), pk=pk)
    if not trouves:
        raise Introuvable
    return trouves[0]


class LogementAPourvoir(ReserveeMixin, View):
    """Un logement mis à disposition : ce qu'il est, le délai, les candidats présentés, ce qu'on peut faire."""

    natures = LECTEURS_DE_DROITS

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre la fiche."""
        un = _lire_un(request.acteur, pk)
        candidats_lus = Candidat.objects.visibles_par(request.acteur).filter(orientation=un.orientation)
        if candidats_lus:
            noter_consultation(
                request.acteur, GenreConsultation.CANDIDATS, "attributions.orientation", un.orientation.pk
            )
        contexte = {
            "titre": un.adresse,
            "fil": [("Logements à pourvoir", reverse("logements_a_pourvoir"))],
            "un": un,
            "logement": un.orientation.liberation.logement,
            "candidats": candidats_lus,
            "fiche": lire_la_fiche(request.acteur, un.orientation),
            "peut_agir": request.acteur.peut(Role.GESTIONNAIRE) and un.orientation.issue == "en_cours",
            "peut_contester": request.acteur.peut(Role.GESTIONNAIRE) and un.orientation.issue == "carence",
        }
        return render(request, "portail/logement.html", contexte)


def lire_la_fiche(acteur: Acteur, orientation: Orientation) -> Piece | None:
    """La fiche PDF remise à l'acteur avec ce logement ; None si elle ne lui a pas été remise (dossier importé)."""
    remis = Envoi.objects.visibles_par(acteur).filter(
        objet_type="attributions.orientation", objet_cle=str(orientation.pk), piece__isnull=False
    )
    dernier = remis.select_related("piece").order_by("-pk").first()
    return dernier.piece if dernier else None


class ActeLogement(ReserveeMixin, VueActe):
    """Un acte de qui détient le droit sur un logement mis à sa disposition."""

    natures = LECTEURS_DE_DROITS
    role = Role.GESTIONNAIRE
    un: LogementMisADisposition

    def preparer(self, **cles: Any) -> None:
        """Le logement, s'il est à disposition de l'acteur."""
        self.un = _lire_un(self.request.acteur, cles["pk"])

    def retour(self) -> str:
        """La fiche."""
        return reverse("logement_a_pourvoir", args=[self.un.orientation.pk])

    def fil(self) -> Fil:
        """La pile, puis la fiche."""
        return [("Logements à pourvoir", reverse("logements_a_pourvoir")), (self.un.adresse, self.retour())]

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le logement et le délai."""
        lignes: list[tuple[str, object]] = [
            ("Logement", f"{self.un.orientation.liberation.logement.typologie}, {self.un.adresse}"),
            ("Bailleur", self.un.orientation.liberation.bailleur.nom),
        ]
        return [*lignes, ("Date limite", ecrire_date(self.un.limite))] if self.un.limite else lignes


def refuser_hors_delai(un: LogementMisADisposition) -> None:
    """Passé la date limite sans candidat, le portail n'en prend plus : une date saisie n'y change rien (RG-46)."""
    if un.en_retard and un.limite:
        raise ErreurMetier(
            "delai_passe",
            f"Le délai de présentation est passé depuis le {ecrire_date(un.limite)} : demandez au bailleur de le prolonger.",
            regle="RG-46",
        )


class ProposerCandidat(ActeLogement):
    """Proposer une demande pour le logement."""

    titre = "Proposer un candidat"
    bouton = "Proposer"
    formulaire = FormulaireDemande

    def executer(self, donnees: dict[str, Any]) -> str:
        """Ajoute le candidat à la date du jour, et dit l'avertissement de forme s'il y en a un."""
        refuser_hors_delai(self.un)
        _, avertissement = candidats.presenter_candidat(
            acteur=self.request.acteur, orientation_id=self.un.orientation.pk, le=timezone.localdate(), **donnees
        )
        return f"Candidat proposé au bailleur. {avertissement}".strip()


class ImporterCandidats(ActeLogement):
    """Présenter plusieurs demandes d'un coup, collées ou déposées en CSV : toutes, ou aucune."""

    titre = "Importer des candidats"
    bouton = "Présenter ces candidats"
    formulaire = FormulaireListeDeCandidats
    gabarit = "portail/importer_candidats.html"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Le texte collé, ou le fichier déposé."""
        return FormulaireListeDeCandidats(donnees, self.request.FILES if donnees is not None else None)

    def executer(self, donnees: dict[str, Any]) -> str:
        """Présente tout à la date du jour, et dit les avertissements de forme."""
        refuser_hors_delai(self.un)
        avertissements = candidats.presenter_une_liste(
            acteur=self.request.acteur,
            orientation_id=self.un.orientation.pk,
            candidats=donnees["candidats"],
            le=timezone.localdate(),
        )
        nombre = compter(len(donnees["candidats"]), "candidat présenté", "candidats présentés")
        return " ".join([f"{nombre} au bailleur.", *avertissements])


class RendreLogement(ActeLogement):
    """Rendre le logement avant la date limite."""

    titre = "Rendre le logement"
    bouton = "Rendre le logement"
    formulaire = FormulaireMotif
    ton = "danger"

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "Rendu avant la date limite, il ne vous est pas décompté. Le bailleur le proposera à un autre compte (RG-46)."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Conclut l'orientation."""
        mise_a_disposition.rendre(
            acteur=self.request.acteur, orientation_id=self.un.orientation.pk, le=timezone.localdate(), **donnees
        )
        return "Logement rendu : il ne vous est pas décompté."


class RetirerMonCandidat(ReserveeMixin, VueActe):
    """Retirer un candidat que la commission n'a pas examiné."""

    natures = LECTEURS_DE_DROITS
    role = Role.GESTIONNAIRE
    titre = "Retirer ce candidat"
    bouton = "Retirer le candidat"
    formulaire = SansSaisie
    candidat: Candidat

    def preparer(self, **cles: Any) -> None:
        """Le candidat, s'il est de l'acteur."""
        candidat = Candidat.objects.visibles_par(self.request.acteur).filter(pk=cles["pk"]).first()
        if candidat is None:
            raise Introuvable
        self.candidat = candidat

    def recapitulatif(self) -> list[tuple[str, object]]:
        """La demande."""
        return [("Demande", self.candidat.numero_demande)]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Retire."""
        del donnees
        candidats.retirer_candidat(acteur=self.request.acteur, candidat_id=self.candidat.pk)
        return "Candidat retiré."

    def retour(self) -> str:
        """La fiche."""
        return reverse("logement_a_pourvoir", args=[self.candidat.orientation_id])
