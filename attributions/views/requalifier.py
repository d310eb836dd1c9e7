"""Revenir sur une libération : exclure, remettre dans le flux, retirer, rétablir, décaler, annuler son orientation (RG-31, RG-40)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from attributions.actions import hors_flux, requalifier
from attributions.chargement.voie import lire_la_voie
from attributions.forms import (
    ChampDate,
    ChampMotif,
    FormulaireDate,
    FormulaireExclusion,
    FormulaireMotif,
    FormulaireRetrait,
)
from attributions.views.actes_liberation import ActeLiberation
from attributions.views.parcours import ActeOrientation
from flux_reservations.socle.presentation import ecrire_date


class Exclure(ActeLiberation):
    """Sortir la libération du flux, à l'orientation ou après coup (RG-31)."""

    titre = "Exclure du flux"
    bouton = "Exclure"
    formulaire = FormulaireExclusion

    def avertissement(self) -> str:
        """Ce que change une requalification tardive."""
        if self.liberation.date_bail is not None:
            return "Le bail est signé : le décompte de l'année est recalculé. Un bilan déjà publié ne change pas : publiez-en une version."
        if self.liberation.orientations.filter(issue="en_cours").exists():
            return "L'orientation en cours sera reprise sans décompte ; le réservataire en est averti s'il a reçu le logement (RG-46)."
        return ""

    def executer(self, donnees: dict[str, Any]) -> str:
        """Exclut."""
        liberation = requalifier.exclure(
            acteur=self.request.acteur, liberation_id=self.liberation.pk, le=timezone.localdate(), **donnees
        )
        return f"{liberation.numero} est exclue du flux : {liberation.get_exclusion_display().lower()}."


class RemettreDansLeFlux(ActeLiberation):
    """Revenir sur une exclusion, avec un motif (RG-31)."""

    titre = "Remettre dans le flux"
    bouton = "Remettre dans le flux"
    formulaire = FormulaireMotif

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le logement et son exclusion."""
        return [*super().recapitulatif(), ("Exclue pour", self.liberation.get_exclusion_display() or "rien")]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Remet dans le flux : le moteur la propose de nouveau, ou son décompte reprend si elle était orientée."""
        requalifier.exclure(
            acteur=self.request.acteur,
            liberation_id=self.liberation.pk,
            exclusion="",
            le=timezone.localdate(),
            **donnees,
        )
        return f"{self.liberation.numero} est de nouveau dans le flux."


class RetirerLaLiberation(ActeLiberation):
    """Retirer la libération : congé annulé, gel, vente (RG-40)."""

    titre = "Retirer la libération"
    bouton = "Retirer"
    formulaire = FormulaireRetrait
    ton = "danger"

    def avertissement(self) -> str:
        """Ce qui arrive à l'orientation en cours."""
        en_cours = self.liberation.orientations.filter(issue="en_cours", date_mise_a_disposition__isnull=False).first()
        if en_cours is None:
            return ""
        return f"Le logement est à la disposition de {en_cours.nom_du_compte} : il en sera averti, et rien ne lui sera décompté (RG-46)."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Retire."""
        requalifier.retirer_la_liberation(
            acteur=self.request.acteur, liberation_id=self.liberation.pk, le=timezone.localdate(), **donnees
        )
        return f"{self.liberation.numero} est retirée."


class RetablirLaLiberation(ActeLiberation):
    """Revenir sur un retrait : le congé tient finalement, le gel est levé (RG-40)."""

    titre = "Rétablir la libération"
    bouton = "Rétablir"
    formulaire = FormulaireMotif

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le logement et son retrait."""
        return [*super().recapitulatif(), ("Retirée pour", self.liberation.get_retrait_display() or "rien")]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Rétablit : elle revient dans « À orienter »."""
        requalifier.retirer_la_liberation(
            acteur=self.request.acteur, liberation_id=self.liberation.pk, retrait="", le=timezone.localdate(), **donnees
        )
        return f"{self.liberation.numero} est rétablie : elle attend d'être orientée."


class FormulaireDecalage(forms.Form):
    """La nouvelle date de disponibilité."""

    disponible_le = ChampDate(label="Disponible le")
    motif = ChampMotif()


class DecalerLaDisponibilite(ActeLiberation):
    """Changer la date de disponibilité (RG-40)."""

    titre = "Décaler la disponibilité"
    bouton = "Décaler"
    formulaire = FormulaireDecalage

    def executer(self, donnees: dict[str, Any]) -> str:
        """Décale."""
        requalifier.decaler_la_disponibilite(
            acteur=self.request.acteur, liberation_id=self.liberation.pk, le=timezone.localdate(), **donnees
        )
        return f"{self.liberation.numero} sera disponible le {ecrire_date(donnees['disponible_le'])}."


class RemettreAuTitulaire(ActeLiberation):
    """Rendre une libération du stock maintenu à son titulaire (RG-53)."""

    titre = "Remettre au titulaire"
    bouton = "Remettre au titulaire"
    formulaire = FormulaireDate

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le logement et le titulaire de son droit de suite."""
        titulaire = lire_la_voie(self.liberation).titulaire
        return [*super().recapitulatif(), ("Titulaire du droit de suite", titulaire.nom if titulaire else "aucun")]

    def avertissement(self) -> str:
        """Pourquoi le moteur n'est pas consulté."""
        return "Le stock maintenu est hors du flux : il revient à son titulaire et n'est décompté à personne (RG-07, RG-53)."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Ouvre le chemin à part."""
        orientation = hors_flux.remettre_au_titulaire(
            acteur=self.request.acteur, liberation_id=self.liberation.pk, le=donnees["le"]
        )
        return f"{self.liberation.numero} revient à {orientation.nom_du_compte} : mettez le logement à sa disposition."


class SignerBailHorsFlux(ActeLiberation):
    """Dater le bail d'une libération hors du flux : relogement, mutation, hors champ, programme neuf (RG-31)."""

    titre = "Enregistrer le bail hors du flux"
    bouton = "Enregistrer le bail"
    formulaire = FormulaireDate

    def avertissement(self) -> str:
        """Pourquoi il n'y a pas d'orientation."""
        return lire_la_voie(self.liberation).mention

    def executer(self, donnees: dict[str, Any]) -> str:
        """Date le bail."""
        hors_flux.signer_bail_hors_flux(acteur=self.request.acteur, liberation_id=self.liberation.pk, le=donnees["le"])
        return f"Bail enregistré au {ecrire_date(donnees['le'])}, hors du flux."


class AnnulerLOrientation(ActeOrientation):
    """Revenir sur une décision tant que rien n'est notifié."""

    titre = "Annuler l'orientation"
    bouton = "Annuler l'orientation"
    formulaire = FormulaireMotif

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "Le logement revient dans « À orienter » ; la décision et son annulation restent au journal."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Annule."""
        requalifier.annuler_l_orientation(
            acteur=self.request.acteur,
            orientation_id=self.orientation.pk,
            le=timezone.localdate(),
            motif=donnees["motif"],
        )
        return "Orientation annulée : le logement est de nouveau à orienter."
