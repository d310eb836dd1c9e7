"""Les actes du bailleur sur un candidat : retirer, notifier l'offre, répondre, corriger (RG-42 à RG-44)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from attributions.actions import candidats, corrections
from attributions.forms import FormulaireDate, FormulaireDateMotif, FormulaireMotif, FormulaireReponse
from attributions.models import Candidat
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.actes import SansSaisie, VueActe
from flux_reservations.socle.presentation import ecrire_date


class ActeCandidat(ReserveeMixin, VueActe):
    """Un acte du bailleur sur un candidat."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    candidat: Candidat

    def preparer(self, **cles: Any) -> None:
        """Lit le candidat dans ce que l'acteur voit."""
        lignes = Candidat.objects.visibles_par(self.request.acteur).select_related(
            "orientation__liberation", "orientation__reservataire"
        )
        candidat = lignes.filter(pk=cles["pk"]).first()
        if candidat is None:
            raise Introuvable
        self.candidat = candidat

    def retour(self) -> str:
        """La fiche du logement libéré."""
        return reverse("liberation", args=[self.candidat.orientation.liberation_id])

    def recapitulatif(self) -> list[tuple[str, object]]:
        """La demande et le logement."""
        return [
            ("Demande", self.candidat.numero_demande),
            ("Libération", self.candidat.orientation.liberation.numero),
            ("Présentée par", self.candidat.orientation.nom_du_compte),
        ]


class RetirerCandidat(ActeCandidat):
    """Retirer un candidat qui n'a pas été examiné."""

    titre = "Retirer ce candidat"
    bouton = "Retirer"
    formulaire = SansSaisie
    ton = "danger"

    def executer(self, donnees: dict[str, Any]) -> str:
        """Retire la demande du dossier."""
        candidats.retirer_candidat(acteur=self.request.acteur, candidat_id=self.candidat.pk)
        return "Candidat retiré."


class NotifierOffre(ActeCandidat):
    """Dater la notification de l'offre."""

    titre = "Notifier l'offre"
    bouton = "Notifier"
    formulaire = FormulaireDate

    def executer(self, donnees: dict[str, Any]) -> str:
        """Dix jours au moins courent du lendemain (RG-44)."""
        candidats.notifier_offre(acteur=self.request.acteur, candidat_id=self.candidat.pk, le=donnees["le"])
        return "Offre notifiée : le délai de réponse court du lendemain."


class Repondre(ActeCandidat):
    """Enregistrer la réponse du demandeur."""

    titre = "Réponse du demandeur"
    bouton = "Enregistrer la réponse"
    formulaire = FormulaireReponse

    def executer(self, donnees: dict[str, Any]) -> str:
        """Un refus laisse le rang suivant."""
        candidat = candidats.repondre(acteur=self.request.acteur, candidat_id=self.candidat.pk, **donnees)
        return f"Réponse enregistrée : {candidat.get_reponse_display().lower()}."


class CorrigerPresentation(ActeCandidat):
    """Corriger la date où une demande a été reçue."""

    titre = "Corriger la date de présentation"
    bouton = "Corriger la date"
    formulaire = FormulaireDateMotif

    def initial(self) -> dict[str, Any]:
        """La date enregistrée."""
        return {"le": self.candidat.date_presentation}

    def recapitulatif(self) -> list[tuple[str, object]]:
        """La demande et sa date."""
        return [*super().recapitulatif(), ("Présentée le", ecrire_date(self.candidat.date_presentation))]

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return (
            "Au portail, une demande est datée du jour. La plus ancienne date la proposition : le décompte suit, si la "
            "convention compte ainsi."
        )

    def executer(self, donnees: dict[str, Any]) -> str:
        """Corrige : l'avant, l'après et le motif sont gardés."""
        corrections.corriger_presentation(acteur=self.request.acteur, candidat_id=self.candidat.pk, **donnees)
        return "Date de présentation corrigée."


class CorrigerReponse(ActeCandidat):
    """Effacer une réponse saisie par erreur."""

    titre = "Corriger la réponse"
    bouton = "Effacer cette réponse"
    formulaire = FormulaireMotif
    ton = "danger"

    def recapitulatif(self) -> list[tuple[str, object]]:
        """La demande et sa réponse."""
        return [*super().recapitulatif(), ("Réponse enregistrée", self.candidat.get_reponse_display() or "aucune")]

    def executer(self, donnees: dict[str, Any]) -> str:
        """L'offre attend de nouveau une réponse."""
        corrections.corriger_reponse(acteur=self.request.acteur, candidat_id=self.candidat.pk, motif=donnees["motif"])
        return "Réponse effacée : l'offre attend de nouveau."
