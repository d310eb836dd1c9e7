"""Tenir les plafonds de l'État dans l'histoire : quand des baux trop tôt signés les passent, les derniers attendent (RG-14).

Le moteur garde l'État sous 30 % à la libération ; le décompte, lui, se fait au bail, et l'ordre des signatures peut le dépasser de
quelques logements. Un agent attentif les signe en janvier : c'est ce que fait ce module.
"""

from __future__ import annotations

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


def tenir_les_plafonds(baux: Iterable[BailDuFlux], annee: int, aujourd_hui: date) -> None:
    """Repousse les derniers baux de l'État d'une année qui dépasserait 30 % du flux (ou 5 % pour les agents)."""
    de_l_annee = [bail for bail in baux if bail.le.year == annee]
    flux = len(de_l_annee)
    premier = date(annee, 1, 1)
    tous, agents = frozenset({"prioritaires", "agents"}), frozenset({"agents"})
    # Un bail repoussé diminue le flux de l'année : chaque plafond se revoit après l'autre.
    for sous_contingents, plafond in (
        (tous, plafond_etat(premier)),
        (agents, plafond_agents(premier)),
        (tous, plafond_etat(premier)),
    ):
        recus = sorted(
            (bail for bail in de_l_annee if _est_de_l_etat(bail, sous_contingents, annee)), key=lambda bail: bail.le
        )
        while len(recus) > plafond * flux:
            flux -= 1
            _repousser(recus.pop(), aujourd_hui)


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
