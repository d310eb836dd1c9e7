"""Les objets JSON du contrat (formats.md § 2), à partir des résultats du domaine : nombres exacts, aucune perte."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bilans.domaine.flux import CompteAnnuel, FluxAnnuel
from bilans.domaine.lignes import LigneDeBilan
from conventions.domaine.controles import Controle
from flux_reservations.commun.arrondis import chaine_exacte, pourcentage


def presenter_flux(flux: FluxAnnuel, controles: Iterable[Controle]) -> dict[str, Any]:
    """L'objet de `calculer_flux`."""
    return {
        "bailleur": flux.bailleur,
        "departement": flux.departement,
        "annee": flux.annee,
        "assiette": {
            "mises_en_location": flux.assiette.mises_en_location,
            "exclusions": dict(flux.assiette.exclusions),
            "total_exclusions": flux.assiette.total_exclusions,
            "flux": flux.assiette.flux,
            "premieres_locations": flux.assiette.premieres_locations,
        },
        "comptes": [presenter_compte(compte) for compte in flux.comptes],
        "non_reserve": {
            "droit_theorique": chaine_exacte(flux.non_reserve.droit_theorique),
            "droit": flux.non_reserve.droit,
            "decompte": flux.non_reserve.decompte,
        },
        "repli_prefet": {
            "logements_stock": flux.droits_de_repli,
            "taux": pourcentage(flux.droits_de_repli, flux.logements_du_champ) or "0.00",
            "droit_theorique": chaine_exacte(flux.droit_de_repli),
        },
        "etat": {
            "part_du_flux": pourcentage(flux.etat.decompte, flux.etat.flux),
            "part_du_flux_hors_qpv": pourcentage(flux.etat.decompte_hors_qpv, flux.etat.flux_hors_qpv),
            "part_hors_qpv_de_son_flux": pourcentage(flux.etat.decompte_hors_qpv, flux.etat.decompte),
        },
        "controles": [
            {"regle": controle.regle, "niveau": controle.niveau.value, "message": controle.message}
            for controle in controles
        ],
    }


def presenter_compte(compte: CompteAnnuel) -> dict[str, Any]:
    """Une ligne de `comptes`."""
    return {
        "compte": compte.compte,
        "convention": compte.convention,
        "droit_theorique": chaine_exacte(compte.droit_theorique),
        "droit": compte.droit,
        "report": chaine_exacte(compte.report),
        "decompte": compte.decompte,
        "solde": chaine_exacte(compte.solde),
    }


def presenter_bilan(flux: FluxAnnuel, controles: Iterable[Controle], lignes: Iterable[LigneDeBilan]) -> dict[str, Any]:
    """L'objet de `produire_bilan` : le flux et une ligne par croisement non nul, dans l'ordre des clés."""
    return {"flux": presenter_flux(flux, controles), "lignes": [presenter_ligne(ligne) for ligne in lignes]}


def presenter_ligne(ligne: LigneDeBilan) -> dict[str, Any]:
    """Un croisement du bilan (RG-60)."""
    return {
        "compte": ligne.croisement.compte,
        "commune": ligne.croisement.commune,
        "qpv": ligne.croisement.qpv,
        "typologie": ligne.croisement.typologie,
        "financement": ligne.croisement.financement,
        "periode_construction": ligne.croisement.periode_construction,
        "proposes": ligne.proposes,
        "attribues": ligne.attribues,
    }
