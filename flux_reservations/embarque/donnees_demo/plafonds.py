"""Tenir les plafonds de l'État dans l'histoire : quand des baux trop tôt signés les passent, les derniers attendent (RG-14).

Le moteur garde l'État sous 30 % à la libération ; le décompte, lui, se fait au bail, et l'ordre des signatures peut le dépasser de
quelques logements. Un agent attentif les signe en janvier : c'est ce que fait ce module.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from attributions.domaine.codes import Issue
from attributions.models import Liberation, Orientation
from flux_reservations.commun.calendrier import premier_jour_ouvre
from flux_reservations.droit.taux import plafond_agents, plafond_etat

ETAT = "ETAT94"


@dataclass(frozen=True, slots=True)
class BailDuFlux:
    """Une libération du flux et l'orientation qui a produit son bail."""

    liberation: Liberation
    orientation: Orientation

    @property
    def le(self) -> date:
        """Jour du bail ; le dernier des jours s'il n'est pas signé."""
        return self.liberation.date_bail or date.max


def tenir_les_plafonds(baux: Iterable[BailDuFlux], premiere_annee: int, aujourd_hui: date) -> None:
    """Repousse les derniers baux de l'État de chaque année qui dépasserait 30 % du flux (ou 5 % pour les agents)."""
    tous = list(baux)
    flux = Counter(bail.le.year for bail in tous)
    for annee in range(premiere_annee, aujourd_hui.year + 1):
        premier = date(annee, 1, 1)
        # Un bail repoussé diminue le flux de l'année : les agents se revoient une fois l'État ramené à sa part.
        for sous_contingents, plafond in (
            (frozenset({"prioritaires", "agents"}), plafond_etat(premier)),
            (frozenset({"agents"}), plafond_agents(premier)),
            (frozenset({"prioritaires", "agents"}), plafond_etat(premier)),
        ):
            recus = sorted((bail for bail in tous if _est_de_l_etat(bail, sous_contingents, annee)), key=lambda bail: bail.le)
            while len(recus) > plafond * flux[annee]:
                repousse = recus.pop()
                flux[annee] -= 1
                _repousser(repousse, aujourd_hui)
                flux[repousse.le.year] += 1


def _est_de_l_etat(bail: BailDuFlux, sous_contingents: frozenset[str], annee: int) -> bool:
    orientation = bail.orientation
    return (
        bail.le.year == annee
        and orientation.reservataire is not None
        and orientation.reservataire.code == ETAT
        and orientation.sous_contingent in sous_contingents
    )


def _repousser(bail: BailDuFlux, aujourd_hui: date) -> None:
    """Le bail se signe dans les premiers jours de janvier ; cette année-ci, il reste à signer."""
    liberation, orientation = bail.liberation, bail.orientation
    janvier = premier_jour_ouvre(date(bail.le.year + 1, 1, 4) + timedelta(days=liberation.pk % 9))
    if janvier <= aujourd_hui:
        liberation.date_bail = janvier
    else:
        liberation.date_bail, orientation.issue, orientation.public = None, Issue.EN_COURS, ""
