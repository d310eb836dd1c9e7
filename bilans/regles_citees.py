"""Les paramètres de droit qu'un document annuel cite : leur valeur au titre de l'année, en toutes lettres, et leur source (RG-38)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from attributions.domaine.codes import Exclusion
from flux_reservations.droit import assiette, delais, taux
from flux_reservations.droit.parametre import Parametre
from flux_reservations.socle.presentation import ecrire_jour_et_mois, ecrire_taux

PARAMETRES_CITES: tuple[Parametre[Any], ...] = (
    taux.PART_MAXIMALE_ETAT,
    taux.PART_MAXIMALE_AGENTS,
    taux.PART_MINIMALE_HORS_QPV,
    assiette.MOTIFS_D_EXCLUSION,
    delais.CANDIDATS_MINIMUM,
    delais.DELAI_DE_REPONSE,
    delais.DERNIER_JOUR_DU_BILAN,
    delais.SEUIL_DU_SECRET,
    delais.SEUIL_D_EQUILIBRE,
    assiette.DEBUTS_DE_PERIODE_DE_CONSTRUCTION,
)


def citer_les_regles(le: date) -> list[dict[str, str]]:
    """Les paramètres de droit lus au titre de l'année, avec leur source (RG-38)."""
    cites = []
    for parametre in PARAMETRES_CITES:
        if parametre.versions[0].depuis <= le:
            version = parametre.version(le)
            cites.append(
                {
                    "regle": parametre.regle,
                    "libelle": parametre.libelle,
                    "valeur": ecrire_valeur(version.valeur, parametre.unite),
                    "unite": parametre.unite.removesuffix(" (0 à 1)"),
                    "source": str(version.source),
                    "certitude": parametre.certitude.libelle,
                }
            )
    return cites


def ecrire_valeur(valeur: object, unite: str) -> str:
    """La valeur d'un paramètre, en toutes lettres."""
    if unite == "mois et jour" and isinstance(valeur, tuple):
        return ecrire_jour_et_mois(date(2001, *valeur))
    if isinstance(valeur, tuple | list):
        libelles = {membre.value: membre.libelle for membre in Exclusion}
        return ", ".join(str(libelles.get(element, element)) for element in valeur)
    if isinstance(valeur, Decimal) and unite.endswith("(0 à 1)"):
        return ecrire_taux(Fraction(valeur) * 100, 0)
    return str(valeur).replace(".", ",")
