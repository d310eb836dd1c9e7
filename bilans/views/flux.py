"""Le flux d'une année : A, B, C, chaque compte, les contrôles ; un clic montre les logements et la règle (ecrans.md, bailleur 3)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from attributions.domaine.codes import Exclusion
from bilans.calcul import CalculAnnuel, calculer_annee
from bilans.domaine.flux import CompteAnnuel
from bilans.domaine.pont import orientes_non_decomptes
from bilans.views.champ import Champ, lire_champ, nommer_les_comptes, onglets_du_flux
from bilans.views.depliages.aiguillage import deplier
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.droit.assiette import Qualification
from flux_reservations.socle.presentation import ecrire_nombre
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.tables_vues import PageExportable
from flux_reservations.socle.vues import repondre_depliage


@dataclass(frozen=True, slots=True)
class LigneCompte:
    """Une ligne du tableau des comptes : le compte, son code et son nom, ce qui attend d'être compté, l'adresse qui déplie ses nombres."""

    compte: CompteAnnuel
    code: str
    nom: str
    attente: int
    detail: str


class Flux(PageExportable, ReserveeMixin):
    """Le flux de l'année choisie."""

    nom_export = "flux"
    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete) -> HttpResponse:
        """Calcule et montre ; sans patrimoine, dit quoi importer."""
        champ = lire_champ(request)
        contexte: dict[str, Any] = {"titre": "Flux", "champ": champ, "onglets": onglets_du_flux(champ, "flux")}
        if champ.departement:
            contexte |= presenter(calculer_annee(champ.bailleur, champ.departement, champ.annee), champ)
        return render(request, "bilans/flux.html", contexte)


def presenter(calcul: CalculAnnuel, champ: Champ) -> dict[str, Any]:
    """Ce que le gabarit montre d'un calcul."""
    flux = calcul.flux
    attente = orientes_non_decomptes(calcul.faits, flux)
    comptes = [*flux.comptes, flux.non_reserve]
    noms = nommer_les_comptes(compte.compte for compte in comptes)
    adresse = reverse("flux_detail")
    lignes = [
        LigneCompte(
            compte,
            compte.compte,
            noms[compte.compte],
            len(attente.get(compte.compte, ())),
            f"{adresse}?{champ.parametres(compte=compte.compte, convention=compte.convention)}",
        )
        for compte in comptes
    ]
    etat = flux.etat
    return {
        "flux": flux,
        "lignes": lignes,
        "maximum": max((abs(ligne.compte.solde) for ligne in lignes), default=1),
        "exclusions": [(Exclusion(code), nombre) for code, nombre in flux.assiette.exclusions.items()],
        "stock_maintenu": len(calcul.loues(Qualification.STOCK_MAINTENU)),
        "parts": [
            ("flux", "Part du flux", _part(etat.decompte, etat.flux), "RG-14"),
            ("hors-qpv", "Part du flux hors QPV", _part(etat.decompte_hors_qpv, etat.flux_hors_qpv), "RG-37"),
            ("son-flux", "Part hors QPV de son flux", _part(etat.decompte_hors_qpv, etat.decompte), "RG-37"),
        ],
        "part_des_premieres": _part(etat.premieres_a_l_etat, etat.premieres_locations),
        "controles": [controle for controle in calcul.controles if controle.niveau == "bloquant"],
        "alertes": [controle for controle in calcul.controles if controle.niveau == "alerte"],
        "detail": f"{adresse}?{champ.parametres()}",
        "jour_du_droit": f"{champ.annee}-12-31",
    }


def _part(partie: int, tout: int) -> str:
    """Une part en %, à la française ; vide sans dénominateur."""
    return ecrire_nombre(Fraction(100 * partie, tout), 2) if tout else ""


class DetailFlux(ReserveeMixin):
    """Ce qui compose un nombre du flux, et la règle qui le produit."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete) -> HttpResponse:
        """`quoi` : A, B, B-motif, C, premieres, stock, droit, ligne, entier, decompte, attente, solde, etat, part ou recus."""
        champ = lire_champ(request)
        if not champ.departement:
            raise Introuvable
        calcul = calculer_annee(champ.bailleur, champ.departement, champ.annee)
        return repondre_depliage(request, deplier(calcul, champ, request.GET))
