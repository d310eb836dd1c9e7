"""Revenir en arrière par une action prévue, avec un motif : mise à disposition, rendu, décision, bail (RG-40 à RG-46)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from attributions.actions import baux, corrections
from attributions.forms import FormulaireCorrectionBail, FormulaireCorrectionMiseADisposition, FormulaireMotif
from attributions.models import Liberation
from attributions.views.parcours import ActeOrientation
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import ecrire_date


class CorrigerMiseADisposition(ActeOrientation):
    """Corriger la date de mise à disposition, ou l'annuler."""

    titre = "Corriger la mise à disposition"
    bouton = "Corriger"
    formulaire = FormulaireCorrectionMiseADisposition

    def recapitulatif(self) -> list[tuple[str, object]]:
        """La date enregistrée."""
        return [*super().recapitulatif(), ("Mis à disposition", ecrire_date(self.orientation.date_mise_a_disposition))]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Corrige : le délai de présentation suit."""
        corrections.corriger_mise_a_disposition(
            acteur=self.request.acteur, orientation_id=self.orientation.pk, le=donnees["le"], motif=donnees["motif"]
        )
        return "Mise à disposition corrigée : le délai suit." if donnees["le"] else "Mise à disposition annulée."


class AnnulerLeRendu(ActeOrientation):
    """Rouvrir une orientation rendue par erreur."""

    titre = "Annuler le rendu"
    bouton = "Annuler le rendu et rouvrir l'orientation"
    formulaire = FormulaireMotif

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "Le logement quitte « À orienter » et revient à la disposition du réservataire ; le délai d'origine reprend."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Rouvre."""
        corrections.annuler_le_rendu(
            acteur=self.request.acteur,
            orientation_id=self.orientation.pk,
            le=timezone.localdate(),
            motif=donnees["motif"],
        )
        return "Rendu annulé : le logement est de nouveau à la disposition du réservataire."


class AnnulerLaDecision(ActeOrientation):
    """Annuler la décision de la CALEOL, avant toute offre."""

    titre = "Annuler la décision de la commission"
    bouton = "Annuler la décision"
    role = Role.RESPONSABLE
    formulaire = FormulaireMotif
    ton = "danger"

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "Les candidats redeviennent à examiner dans une séance suivante. Le procès-verbal d'une séance close ne change pas."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Annule."""
        corrections.annuler_la_decision(
            acteur=self.request.acteur, orientation_id=self.orientation.pk, motif=donnees["motif"]
        )
        return "Décision annulée : inscrivez le logement à une prochaine séance."


class CorrigerBail(ReserveeMixin, VueActe):
    """Corriger ou annuler un bail, avec un motif."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.RESPONSABLE
    titre = "Corriger le bail"
    bouton = "Corriger"
    formulaire = FormulaireCorrectionBail
    ton = "danger"
    liberation: Liberation

    def preparer(self, **cles: Any) -> None:
        """Lit la libération dans ce que l'acteur voit."""
        liberation = Liberation.objects.visibles_par(self.request.acteur).filter(pk=cles["pk"]).first()
        if liberation is None:
            raise Introuvable
        self.liberation = liberation

    def retour(self) -> str:
        """La fiche du logement libéré."""
        return reverse("liberation", args=[self.liberation.pk])

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le bail tel qu'il est enregistré."""
        return [("Libération", self.liberation.numero), ("Bail enregistré au", ecrire_date(self.liberation.date_bail))]

    def avertissement(self) -> str:
        """Ce qui change."""
        return "Le décompte de l'année est recalculé. Un bilan déjà publié ne change pas : publiez-en une nouvelle version."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Corrige la date, ou rouvre l'orientation."""
        baux.corriger_bail(
            acteur=self.request.acteur, liberation_id=self.liberation.pk, le=donnees["le"], motif=donnees["motif"]
        )
        return "Bail corrigé." if donnees["le"] else "Bail annulé : l'orientation est de nouveau en cours."
