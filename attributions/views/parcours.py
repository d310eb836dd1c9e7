"""Les actes sur une orientation, de la mise à disposition au bail : une page, un formulaire, une action chacun (RG-40 à RG-46)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse

from attributions.actions import baux, candidats, mise_a_disposition, seances
from attributions.forms import (
    FormulaireCandidat,
    FormulaireDate,
    FormulaireDateMotif,
    FormulaireInscription,
    FormulaireProlongation,
)
from attributions.models import EtatSeance, Orientation, Seance
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil, ecrire_date


class ActeOrientation(ReserveeMixin, VueActe):
    """Un acte du bailleur sur une orientation."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    orientation: Orientation

    def preparer(self, **cles: Any) -> None:
        """Lit l'orientation dans ce que l'acteur voit."""
        self.orientation = lire_orientation(self.request.acteur, cles["pk"])

    def retour(self) -> str:
        """La fiche du logement libéré."""
        return reverse("liberation", args=[self.orientation.liberation_id])

    def fil(self) -> Fil:
        """Libérations, puis la fiche."""
        return [
            ("Libérations", reverse("liberations")),
            (f"Libération {self.orientation.liberation.numero}", self.retour()),
        ]

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le logement, et le compte qui l'a reçu."""
        logement = self.orientation.liberation.logement
        return [
            ("Logement", f"{logement.typologie}, {logement.adresse or logement.identifiant}, {logement.commune}"),
            ("Orienté vers", self.orientation.nom_du_compte),
            ("Disponible", ecrire_date(self.orientation.liberation.date_disponibilite)),
        ]


def lire_orientation(acteur: Any, pk: int) -> Orientation:
    """Une orientation que l'acteur voit ; lève `Introuvable` sinon."""
    orientation = (
        Orientation.objects.visibles_par(acteur)
        .select_related("liberation__logement__commune", "reservataire")
        .filter(pk=pk)
        .first()
    )
    if orientation is None:
        raise Introuvable
    return orientation


class MettreADisposition(ActeOrientation):
    """Notifier le logement au réservataire."""

    titre = "Mettre à disposition"
    bouton = "Mettre à disposition"
    formulaire = FormulaireDate

    def executer(self, donnees: dict[str, Any]) -> str:
        """Le délai court de cette date."""
        mise_a_disposition.mettre_a_disposition(
            acteur=self.request.acteur, orientation_id=self.orientation.pk, le=donnees["le"]
        )
        return f"Le logement est à la disposition de {self.orientation.nom_du_compte} : sa fiche est à son portail, un courriel l'annonce."


class ProlongerDelai(ActeOrientation):
    """Repousser la date limite de présentation."""

    titre = "Prolonger le délai"
    bouton = "Prolonger"
    formulaire = FormulaireProlongation

    def executer(self, donnees: dict[str, Any]) -> str:
        """Garde la nouvelle date et le motif."""
        mise_a_disposition.prolonger_le_delai(acteur=self.request.acteur, orientation_id=self.orientation.pk, **donnees)
        return f"Délai prolongé jusqu'au {ecrire_date(donnees['jusqu_au'])}."


class Rendre(ActeOrientation):
    """Enregistrer que le réservataire rend le logement."""

    titre = "Le réservataire rend le logement"
    bouton = "Enregistrer"
    formulaire = FormulaireDateMotif

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "Rien ne sera décompté. Le logement revient dans « À orienter » et le moteur le proposera à un autre compte."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Conclut l'orientation."""
        mise_a_disposition.rendre(acteur=self.request.acteur, orientation_id=self.orientation.pk, **donnees)
        return "Logement rendu : il est de nouveau à orienter."


class ConstaterCarence(ActeOrientation):
    """Constater qu'aucun candidat n'a été présenté à temps."""

    titre = "Constater la carence"
    bouton = "Constater la carence et reprendre le logement"
    formulaire = FormulaireDate

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "Le logement sera décompté au réservataire selon sa convention, et repris par vous pour un tour (RG-46)."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Conclut en carence et reprend."""
        mise_a_disposition.constater_carence(
            acteur=self.request.acteur, orientation_id=self.orientation.pk, le=donnees["le"]
        )
        return "Carence constatée : le logement vous revient pour un tour."


class PresenterCandidat(ActeOrientation):
    """Présenter une demande pour le logement."""

    titre = "Présenter un candidat"
    bouton = "Présenter"
    formulaire = FormulaireCandidat

    def executer(self, donnees: dict[str, Any]) -> str:
        """Ajoute le candidat ; dit l'avertissement de forme s'il y en a un."""
        _, avertissement = candidats.presenter_candidat(
            acteur=self.request.acteur, orientation_id=self.orientation.pk, **donnees
        )
        return f"Candidat présenté. {avertissement}".strip()


class InscrireEnSeance(ActeOrientation):
    """Mettre le logement à l'ordre du jour d'une séance."""

    titre = "Inscrire à l'ordre du jour"
    bouton = "Inscrire"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Les séances prévues du bailleur."""
        return FormulaireInscription(donnees, acteur=self.request.acteur)

    def avertissement(self) -> str:
        """Sans séance prévue, où en prévoir une."""
        prevues = Seance.objects.visibles_par(self.request.acteur).filter(etat=EtatSeance.PREVUE)
        return "" if prevues.exists() else "Aucune séance prévue : prévoyez-en une depuis « Séances »."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Inscrit le logement."""
        seances.inscrire(acteur=self.request.acteur, seance_id=donnees["seance"].pk, orientation_id=self.orientation.pk)
        return f"Inscrit à l'ordre du jour de la {donnees['seance']}."


class SignerBail(ActeOrientation):
    """Dater le bail."""

    titre = "Signer le bail"
    bouton = "Enregistrer le bail"
    formulaire = FormulaireDate

    def executer(self, donnees: dict[str, Any]) -> str:
        """Conclut l'orientation."""
        baux.signer_bail(acteur=self.request.acteur, orientation_id=self.orientation.pk, le=donnees["le"])
        disponible = self.orientation.liberation.date_disponibilite
        alerte = (
            f" Il précède la disponibilité ({ecrire_date(disponible)}) : si elle est fausse, décalez-la."
            if donnees["le"] < disponible
            else ""
        )
        return f"Bail enregistré au {ecrire_date(donnees['le'])}.{alerte}"
