"""Le pont entre l'orientation et le décompte : ce qui est orienté mais pas encore compté (RG-41, RG-45, RG-47)."""

from __future__ import annotations

from attributions.domaine.codes import Issue, code_compte
from bilans.domaine.faits import FaitsFlux
from bilans.domaine.flux import FluxAnnuel


def orientes_non_decomptes(faits: FaitsFlux, flux: FluxAnnuel) -> dict[str, list[int]]:
    """Par compte, les libérations du flux orientées, encore en cours et pas encore décomptées.

    Le retard du moteur les compte déjà (à l'orientation) ; le solde les comptera au fait générateur.
    """
    attente: dict[str, list[int]] = {}
    for qualifiee in flux.liberations:
        if not qualifiee.est_du_flux or qualifiee.imputation is not None:
            continue
        for orientation in qualifiee.faits.orientations:
            if orientation.issue == Issue.EN_COURS:
                partie = (
                    faits.reservataires.get(orientation.reservataire) if orientation.reservataire is not None else None
                )
                compte = code_compte(partie.code if partie else "", orientation.sous_contingent)
                attente.setdefault(compte, []).append(qualifiee.faits.identifiant)
    return attente
