"""Créer un organisme d'administration de la plateforme ; bailleurs et réservataires ont leur registre (`echanges/registre`)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from flux_reservations.acces import actions
from flux_reservations.acces.formulaires import FormulaireOrganisme
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.socle.actes import VueActe


class CreerAdministration(ReserveeMixin, VueActe):
    """Créer un organisme d'administration de la plateforme ; bailleurs et réservataires ont leur registre."""

    natures = frozenset({Nature.PLATEFORME})
    role = Role.ADMINISTRATEUR
    titre = "Créer un organisme d'administration"
    bouton = "Créer l'organisme"
    formulaire = FormulaireOrganisme

    def preparer(self, **cles: Any) -> None:
        """Rien à lire."""

    def executer(self, donnees: dict[str, Any]) -> str:
        """Crée l'organisme."""
        actions.creer_organisme(
            acteur=self.request.acteur, nature=Nature.PLATEFORME.value, territoire_id=None, **donnees
        )
        return "Organisme créé : invitez-y quelqu'un."

    def retour(self) -> str:
        """La liste."""
        return reverse("organismes")
