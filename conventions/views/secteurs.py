"""Reprendre les secteurs écrits dans le patrimoine importé."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from conventions.actions.secteurs import reprendre_les_secteurs, secteurs_a_reprendre
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil, compter


class ReprendreSecteurs(ReserveeMixin, VueActe):
    """Créer un secteur par nom de secteur du patrimoine."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.RESPONSABLE
    titre = "Reprendre les secteurs du patrimoine"
    bouton = "Créer ces secteurs"
    noms: list[str]

    def preparer(self, **cles: Any) -> None:
        """Les noms qui n'ont pas encore leur secteur."""
        del cles
        self.noms = secteurs_a_reprendre(self.request.acteur)

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Ce qui sera créé."""
        return [("Secteurs à créer", ", ".join(self.noms) or "aucun : ils sont tous là")]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Crée."""
        del donnees
        return f"{compter(len(reprendre_les_secteurs(acteur=self.request.acteur)), 'secteur créé', 'secteurs créés')}."

    def fil(self) -> Fil:
        """La liste."""
        return [("Secteurs", reverse("secteurs"))]

    def retour(self) -> str:
        """La liste."""
        return reverse("secteurs")
