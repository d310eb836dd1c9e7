"""Les taux : 30 % de l'État, 5 % d'agents, 20 % de garanties, dérogation préfectorale (RG-14, RG-15, RG-24, RG-37, RG-50)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from flux_reservations.commun.arrondis import Cle
from flux_reservations.commun.calendrier import UN_JOUR, ajouter_annees
from flux_reservations.droit import textes
from flux_reservations.droit.parametre import TOUJOURS, Certitude, Parametre, Version, fixe

_DEPUIS = date(2020, 2, 22)
_LOI_2017 = date(2017, 1, 29)
"""La loi 2017-86 (égalité et citoyenneté) est en vigueur."""

PART_MAXIMALE_ETAT = Parametre(
    libelle="Part maximale du flux annuel réservée à l'État",
    unite="part du flux (0 à 1)",
    regle="RG-14",
    versions=(
        Version(TOUJOURS, Decimal("0.30"), textes.R_441_5_ANTERIEUR),
        Version(_DEPUIS, Decimal("0.30"), textes.R_441_5_2),
    ),
)
PART_MAXIMALE_AGENTS = Parametre(
    libelle="Part maximale du flux annuel réservée aux agents de l'État, dans la part de l'État",
    unite="part du flux (0 à 1)",
    regle="RG-14",
    versions=(
        Version(TOUJOURS, Decimal("0.05"), textes.R_441_5_ANTERIEUR),
        Version(_DEPUIS, Decimal("0.05"), textes.R_441_5_2),
    ),
)
PART_MAXIMALE_TOTALE = Parametre(
    libelle="Somme maximale des taux de toutes les conventions d'un bailleur, à chaque date et sur chaque commune",
    unite="part du flux (0 à 1)",
    regle="RG-14",
    versions=fixe(Decimal(1), textes.R_441_5_2),
)
PART_MAXIMALE_GARANTIES = Parametre(
    libelle="Part maximale du flux réservée aux collectivités en contrepartie de leurs garanties d'emprunt, par commune",
    unite="part du flux (0 à 1)",
    regle="RG-14",
    versions=fixe(Decimal("0.20"), textes.NOTE_MINISTERE),
    certitude=Certitude.INTERPRETATION,
)
DUREE_MAXIMALE_DEROGATION = Parametre(
    libelle="Durée maximale d'une dérogation préfectorale aux 30 % et 5 %",
    unite="année",
    regle="RG-14",
    versions=fixe(1, textes.R_441_5_2),
)
PART_MINIMALE_HORS_QPV = Parametre(
    libelle="Part minimale du flux situé hors QPV réservée au préfet, sauf stipulation contraire",
    unite="part du flux hors QPV (0 à 1)",
    regle="RG-37",
    versions=fixe(Decimal("0.30"), textes.R_441_5_2, _DEPUIS),
)
PART_PRIORITAIRES = Parametre(
    libelle="Part des attributions d'un réservataire (collectivité, Action Logement) et du bailleur due aux prioritaires",
    unite="part des attributions (0 à 1)",
    regle="RG-50",
    versions=fixe(Decimal("0.25"), textes.L_441_1, _LOI_2017),
    certitude=Certitude.PRATIQUE,
)
PART_PREMIER_QUARTILE_HORS_QPV = Parametre(
    libelle="Part des attributions hors QPV due au premier quartile de ressources ou aux relogements",
    unite="part des attributions hors QPV (0 à 1)",
    regle="RG-50",
    versions=fixe(Decimal("0.25"), textes.L_441_1, _LOI_2017),
    certitude=Certitude.PRATIQUE,
)
PART_AUTRES_QUARTILES_EN_QPV = Parametre(
    libelle="Part des attributions en QPV due aux demandeurs des autres quartiles",
    unite="part des attributions en QPV (0 à 1)",
    regle="RG-50",
    versions=fixe(Decimal("0.50"), textes.L_441_1, _LOI_2017),
    certitude=Certitude.PRATIQUE,
)


@dataclass(frozen=True, slots=True)
class Derogation:
    """Dérogation préfectorale inscrite dans la convention de l'État (RG-14). Taux en %, dates incluses."""

    taux: Decimal | None = None
    taux_agents: Decimal | None = None
    motif: str = ""
    arrete: str = ""
    debut: date | None = None
    fin: date | None = None

    @property
    def est_demandee(self) -> bool:
        """Vrai si un taux dérogatoire est inscrit."""
        return self.taux is not None or self.taux_agents is not None

    @property
    def defauts(self) -> tuple[str, ...]:
        """Ce qui manque à une dérogation pour être régulière ; vide si tout y est."""
        if not self.est_demandee:
            return ()
        manques = [nom for nom, valeur in (("le motif", self.motif), ("l'arrêté", self.arrete)) if not valeur.strip()]
        if self.debut is None or self.fin is None:
            manques.append("les dates")
        elif self.fin > dernier_jour_derogation(self.debut):
            manques.append(f"une durée d'un an au plus (elle va jusqu'au {self.fin:%d/%m/%Y})")
        return tuple(manques)

    def s_applique(self, le: date) -> bool:
        """Vrai si la dérogation lève le plafond ce jour-là : motivée, prise par arrêté, dans ses dates et dans l'année permise."""
        if (
            not self.est_demandee
            or self.debut is None
            or self.fin is None
            or not (self.motif.strip() and self.arrete.strip())
        ):
            return False
        return self.debut <= le <= min(self.fin, dernier_jour_derogation(self.debut))


def dernier_jour_derogation(debut: date) -> date:
    """Dernier jour possible d'une dérogation qui commence à `debut` : un an, de date à date.

    Du 1er mars 2025 au 28 février 2026 ; du 29 février 2024 au 28 février 2025 (à défaut de quantième, le dernier jour du mois).
    """
    anniversaire = ajouter_annees(debut, DUREE_MAXIMALE_DEROGATION.valeur(debut))
    return anniversaire if anniversaire.day != debut.day else anniversaire - UN_JOUR


def plafond_etat(le: date, derogation: Derogation | None = None) -> Fraction:
    """Part maximale de l'État à cette date, dérogation comprise (RG-14)."""
    plafond = Fraction(PART_MAXIMALE_ETAT.valeur(le))
    if derogation and derogation.taux is not None and derogation.s_applique(le):
        return max(plafond, Fraction(derogation.taux) / 100)
    return plafond


def plafond_agents(le: date, derogation: Derogation | None = None) -> Fraction:
    """Part maximale des agents de l'État à cette date, dérogation comprise (RG-14)."""
    plafond = Fraction(PART_MAXIMALE_AGENTS.valeur(le))
    if derogation and derogation.taux_agents is not None and derogation.s_applique(le):
        return max(plafond, Fraction(derogation.taux_agents) / 100)
    return plafond


def partager_garanties(montants: Mapping[Cle, Decimal | int], le: date) -> dict[Cle, Fraction]:
    """Part du flux de chaque garant d'un même territoire : les 20 % au prorata des montants garantis (RG-15).

    Garanties 25 %, 25 % et 50 % → 5 %, 5 % et 10 %. Sans aucun montant, personne n'a de part.
    """
    total = Fraction(sum(Fraction(montant) for montant in montants.values()))
    if not total:
        return dict.fromkeys(montants, Fraction(0))
    plafond = Fraction(PART_MAXIMALE_GARANTIES.valeur(le))
    return {garant: plafond * Fraction(montant) / total for garant, montant in montants.items()}
