"""Déplier l'assiette : les logements de A, B, C, des premières locations, du stock maintenu (RG-30, RG-31)."""

from __future__ import annotations

from attributions.domaine.codes import Exclusion
from bilans.calcul import CalculAnnuel
from bilans.domaine.qualification import LiberationQualifiee
from bilans.views.champ import Champ
from bilans.views.depliages.commun import (
    Demande,
    depliage_de_logements,
)
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.droit.assiette import Qualification
from flux_reservations.socle.vues import Depliage


def deplier_assiette(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Les logements de A, B, C, des premières locations ou du stock maintenu ; ceux d'une commune si l'adresse la dit."""
    quoi, commune = demande.get("quoi", "C"), demande.get("commune", "")
    assiette = calcul.flux.assiette
    flux, exclues = calcul.loues(Qualification.FLUX), calcul.loues(Qualification.EXCLUE)
    c = f"A − B = {assiette.mises_en_location} − {assiette.total_exclusions} = {assiette.flux}."
    choix: dict[str, tuple[str, list[LiberationQualifiee], str, str]] = {
        "A": ("Mises en location (A)", flux + exclues, "RG-30", "Baux signés dans l'année sur le champ du flux."),
        "B": ("Exclusions (B)", exclues, "RG-31", "Parmi A, ceux qui sont soustraits du flux."),
        "C": ("Flux (C)", flux, "RG-30", "" if commune else c),
        "C-hors-qpv": (
            "Flux hors QPV",
            [une for une in flux if not une.est_en_qpv],
            "RG-37",
            "Le QPV se lit au jour du bail.",
        ),
        "premieres": (
            "Premières mises en location",
            calcul.loues(Qualification.PREMIERE_LOCATION),
            "RG-22",
            "Compteur à part.",
        ),
        "stock": (
            "Stock maintenu",
            calcul.loues(Qualification.STOCK_MAINTENU),
            "RG-07",
            "Ces logements ne comptent pas dans A.",
        ),
    }
    for motif in Exclusion:
        du_motif = [une for une in exclues if une.faits.exclusion == motif]
        choix[f"B-{motif.value}"] = (f"Exclusions : {motif.libelle.lower()}", du_motif, "RG-31", "")
    if quoi not in choix:
        raise Introuvable
    titre, qualifiees, regle, explication = choix[quoi]
    retenues = [une.faits.identifiant for une in qualifiees if commune in {"", une.faits.commune}]
    return depliage_de_logements(champ, titre, retenues, regle, explication)
