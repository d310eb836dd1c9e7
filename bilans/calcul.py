"""Le calcul d'une année, des tables au résultat : ce que les commandes, les écrans et l'API appellent tous."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bilans.chargement import charger_faits_flux
from bilans.domaine.controles import controler_flux
from bilans.domaine.faits import FaitsFlux
from bilans.domaine.flux import FluxAnnuel, calculer_flux
from bilans.domaine.lignes import LigneDeBilan, calculer_lignes
from bilans.domaine.presentation import presenter_bilan, presenter_flux
from bilans.domaine.qualification import LiberationQualifiee
from conventions.domaine.controles import Controle
from conventions.models import Bailleur
from flux_reservations.droit.assiette import Qualification


@dataclass(frozen=True, slots=True)
class CalculAnnuel:
    """Les faits d'une année, le flux qui en sort et ses contrôles."""

    faits: FaitsFlux
    flux: FluxAnnuel
    controles: tuple[Controle, ...]

    def loues(self, qualification: Qualification) -> list[LiberationQualifiee]:
        """Les libérations de cette qualification louées dans l'année."""
        debut, fin = self.faits.premier_jour, self.faits.dernier_jour
        return [
            une
            for une in self.flux.liberations
            if une.qualification is qualification and une.est_louee_entre(debut, fin)
        ]

    def lignes(self) -> tuple[LigneDeBilan, ...]:
        """Les lignes du bilan (RG-60)."""
        return calculer_lignes(self.faits, self.flux.liberations)

    def flux_json(self) -> dict[str, Any]:
        """L'objet de `calculer_flux`."""
        return presenter_flux(self.flux, self.controles)

    def bilan_json(self) -> dict[str, Any]:
        """L'objet de `produire_bilan`."""
        return presenter_bilan(self.flux, self.controles, self.lignes())


def calculer_annee(bailleur: Bailleur, departement: str, annee: int) -> CalculAnnuel:
    """Calcule le flux d'une année : un nombre fixe de requêtes, puis le domaine pur."""
    faits = charger_faits_flux(bailleur, departement, annee)
    flux = calculer_flux(faits)
    return CalculAnnuel(faits, flux, controler_flux(faits, flux))


def calculer_les_comptes(bailleur: Bailleur, departement: str, annee: int) -> tuple[FaitsFlux, FluxAnnuel]:
    """Les mêmes faits et le même flux, sans les contrôles ni ce qu'eux seuls lisent (deux requêtes de moins) : pour qui lit des comptes."""
    faits = charger_faits_flux(bailleur, departement, annee, avec_controles=False)
    return faits, calculer_flux(faits)
