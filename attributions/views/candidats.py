"""Les actes du bailleur sur un candidat : retirer, notifier l'offre, répondre, corriger (RG-42 à RG-44)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from attributions.actions import candidats, corrections
from attributions.forms import FormulaireDate, FormulaireMotif, FormulaireReponse
from attributions.models import Candidat
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.actes import SansSaisie, VueActe


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
