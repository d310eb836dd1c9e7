"""Corriger une carence contestée (RG-74)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from attributions.actions.contestations import annuler_carence
from attributions.forms import FormulaireProlongation
from attributions.views.parcours import ActeOrientation


class AnnulerCarence(ActeOrientation):
    """Rouvrir une orientation finie en carence."""

    titre = "Annuler la carence"
    bouton = "Annuler la carence et rouvrir le délai"
    formulaire = FormulaireProlongation

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "Le logement revient à la disposition du réservataire et la carence n'est plus décomptée. Votre reprise est retirée."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Rouvre."""
        annuler_carence(
            acteur=self.request.acteur, orientation_id=self.orientation.pk, le=timezone.localdate(), **donnees
        )
        return "Carence annulée : le délai court de nouveau."
