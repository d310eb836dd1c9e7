"""L'assiette : A mises en location, B exclues, C = A − B (RG-22, RG-30, RG-31) ; périodes de construction (RG-65)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from flux_reservations.droit import textes
from flux_reservations.droit.parametre import Certitude, Parametre, fixe


class Qualification(StrEnum):
    """Ce qu'une libération est pour le flux (RG-40)."""

    FLUX = "flux"
    EXCLUE = "exclue"
    PREMIERE_LOCATION = "premiere_location"
    STOCK_MAINTENU = "stock_maintenu"
    HORS_CHAMP = "hors_champ"
    RETIREE = "retiree"


MOTIFS_D_EXCLUSION = Parametre(
    libelle="Motifs qui soustraient un logement du flux",
    unite="codes",
    regle="RG-31",
    versions=fixe(("mutation", "anru", "orcod", "insalubrite", "vente"), textes.R_441_5_2, date(2020, 2, 22)),
)
ANNEES_DE_PREVISION = Parametre(
    libelle="Années civiles dont la moyenne prévoit A et B, et donne la rotation",
    unite="années",
    regle="RG-32",
    versions=fixe(3, textes.PRATIQUE),
    certitude=Certitude.PRATIQUE,
)
DEBUTS_DE_PERIODE_DE_CONSTRUCTION = Parametre(
    libelle="Années qui ouvrent une période de construction (la première période va jusqu'à l'année d'avant)",
    unite="années",
    regle="RG-65",
    versions=fixe((1949, 1975, 1982, 1990, 2001, 2013), textes.CHOIX_DU_PROJET),
    certitude=Certitude.PRATIQUE,
)


def qualifier(
    *,
    est_retiree: bool,
    est_hors_champ: bool,
    est_en_stock_maintenu: bool,
    est_premiere_location: bool,
    premiere_location_dans_le_flux: bool,
    exclusion: str,
) -> Qualification:
    """Ce qu'est une libération (RG-07, RG-22, RG-30, RG-31).

    Une libération retirée n'est rien ; hors champ, en stock maintenu et en première location à part, elle n'entre pas dans A ;
    exclue, elle entre dans A et dans B.
    """
    if est_retiree:
        return Qualification.RETIREE
    if est_hors_champ:
        return Qualification.HORS_CHAMP
    if est_en_stock_maintenu:
        return Qualification.STOCK_MAINTENU
    if est_premiere_location and not premiere_location_dans_le_flux:
        return Qualification.PREMIERE_LOCATION
    return Qualification.EXCLUE if exclusion else Qualification.FLUX


@dataclass(frozen=True, slots=True)
class Assiette:
    """A, B par motif et C d'une année (RG-30), en logements ; les premières locations à part ne sont pas dans A."""

    mises_en_location: int
    exclusions: dict[str, int]
    premieres_locations: int = 0

    @property
    def total_exclusions(self) -> int:
        """B."""
        return sum(self.exclusions.values())

    @property
    def flux(self) -> int:
        """C = A − B : 1 000 − 350 = 650."""
        return self.mises_en_location - self.total_exclusions


def periode_de_construction(annee: int | None, a_la_date: date) -> str:
    """La période en toutes lettres (« avant 1949 », « 1949-1974 », « depuis 2013 ») ; vide si l'année est inconnue (RG-65)."""
    if annee is None:
        return ""
    debuts = DEBUTS_DE_PERIODE_DE_CONSTRUCTION.valeur(a_la_date)
    if annee < debuts[0]:
        return f"avant {debuts[0]}"
    for debut, suivant in pairwise(debuts):
        if annee < suivant:
            return f"{debut}-{suivant - 1}"
    return f"depuis {debuts[-1]}"


def rotation(mises_en_location: int, logements: int, annees: int) -> Fraction | None:
    """Taux de rotation annuel : mises en location de `annees` années ÷ (années × logements) ; None sans logement (RG-35)."""
    return Fraction(mises_en_location, annees * logements) if logements else None
