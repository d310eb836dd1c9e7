"""Proposer, reprendre, signer, résilier, remplacer ou supprimer une convention (RG-16, ecrans.md, bailleur 5)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse

from conventions.actions import brouillons, cycle
from conventions.chargement_texte import empreinte_de
from conventions.forms import FormulaireMotif, FormulaireProposition, FormulaireResiliation, FormulaireSignature
from conventions.models import Convention
from conventions.views.elaboration import ActeConvention
from flux_reservations.commun.acteur import Role
from flux_reservations.socle.actes import SansSaisie
from flux_reservations.socle.presentation import ecrire_date


class Proposer(ActeConvention):
    """Soumettre la convention au réservataire."""

    titre = "Proposer au réservataire"
    bouton = "Proposer"
    formulaire = FormulaireProposition

    def empreinte(self) -> str:
        """Celle du brouillon : on ne propose que ce qu'on a relu (RG-16)."""
        return empreinte_de(self.convention)

    def executer(self, donnees: dict[str, Any]) -> str:
        """Propose."""
        cycle.proposer(
            acteur=self.request.acteur,
            convention_id=self.convention.pk,
            le=donnees["le"],
            empreinte_lue=self.empreinte_lue,
        )
        return f"Convention proposée à {self.convention.reservataire.nom}, qui la voit dans son portail."


class Reprendre(ActeConvention):
    """Reprendre en brouillon."""

    titre = "Reprendre en brouillon"
    bouton = "Reprendre"
    formulaire = FormulaireMotif

    def executer(self, donnees: dict[str, Any]) -> str:
        """Reprend."""
        cycle.reprendre(acteur=self.request.acteur, convention_id=self.convention.pk, motif=donnees["motif"])
        return "La convention est de nouveau un brouillon : le réservataire ne la voit plus."


class Signer(ActeConvention):
    """Enregistrer les deux signatures."""

    role = Role.RESPONSABLE
    titre = "Signer"
    bouton = "Enregistrer les signatures"
    formulaire = FormulaireSignature
    ton = "danger"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Avec la pièce."""
        return FormulaireSignature(donnees, self.request.FILES if donnees is not None else None)

    def empreinte(self) -> str:
        """Celle de la convention : on ne signe que ce qu'on a relu (RG-16)."""
        return empreinte_de(self.convention)

    def avertissement(self) -> str:
        """Ce que la signature a d'irréversible."""
        return (
            "Une convention signée ne se modifie plus : ses droits courent à sa date d'effet. Un avenant la remplacera."
        )

    def executer(self, donnees: dict[str, Any]) -> str:
        """Signe, la pièce déposée dans la même transaction."""
        cycle.signer(
            acteur=self.request.acteur,
            convention_id=self.convention.pk,
            signature_bailleur=donnees["signature_bailleur"],
            signature_reservataire=donnees["signature_reservataire"],
            effet=donnees["effet"],
            fichier=donnees["piece"],
            empreinte_lue=self.empreinte_lue,
        )
        return "Convention signée. Transmettez-la sans délai au préfet et aux autorités concernées (RG-17)."


class Resilier(ActeConvention):
    """Mettre fin à une convention."""

    role = Role.RESPONSABLE
    titre = "Résilier"
    bouton = "Résilier la convention"
    formulaire = FormulaireResiliation
    ton = "danger"

    def executer(self, donnees: dict[str, Any]) -> str:
        """Résilie."""
        cycle.resilier(acteur=self.request.acteur, convention_id=self.convention.pk, **donnees)
        return f"Convention résiliée : dernier jour en vigueur le {ecrire_date(donnees['le'])}."


class PreparerAvenant(ActeConvention):
    """Ouvrir la version suivante."""

    titre = "Préparer un avenant"
    bouton = "Préparer l'avenant"
    formulaire = SansSaisie
    avenant: Convention | None = None

    def avertissement(self) -> str:
        """Ce qui continue."""
        return "L'avenant reprend modalités et droits. Le compte, le report et le retard continuent (RG-16)."

    def retour(self) -> str:
        """Les modalités de l'avenant créé."""
        return reverse("modalites", args=[self.avenant.pk]) if self.avenant else super().retour()

    def executer(self, donnees: dict[str, Any]) -> str:
        """Ouvre l'avenant."""
        self.avenant = brouillons.preparer_avenant(acteur=self.request.acteur, convention_id=self.convention.pk)
        return f"Avenant {self.avenant.numero} en brouillon."


class SupprimerBrouillon(ActeConvention):
    """Supprimer un brouillon."""

    titre = "Supprimer ce brouillon"
    bouton = "Supprimer"
    ton = "danger"

    def retour(self) -> str:
        """La liste, une fois supprimé."""
        return reverse("conventions") if self.request.method == "POST" else super().retour()

    def executer(self, donnees: dict[str, Any]) -> str:
        """Supprime."""
        brouillons.supprimer_brouillon(acteur=self.request.acteur, convention_id=self.convention.pk)
        return "Brouillon supprimé."
