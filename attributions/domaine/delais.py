"""Les durées d'un parcours, étape par étape : médiane et quartiles exacts, en jours (RG-40)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Duree(StrEnum):
    """Une durée du parcours, du congé au bail."""

    ORIENTATION = "orientation"
    NOTIFICATION = "notification"
    PRESENTATION = "presentation"
    COMMISSION = "commission"
    REPONSE = "reponse"
    SIGNATURE = "signature"
    VACANCE = "vacance"
    TOTAL = "total"

    @property
    def libelle(self) -> str:
        """D'où à où."""
        return _LIBELLES[self]


_LIBELLES = {
    Duree.ORIENTATION: "Du congé à l'orientation",
    Duree.NOTIFICATION: "De l'orientation à la mise à disposition",
    Duree.PRESENTATION: "De la mise à disposition aux candidats",
    Duree.COMMISSION: "Des candidats à la commission",
    Duree.REPONSE: "De la commission à l'acceptation",
    Duree.SIGNATURE: "De l'acceptation au bail",
    Duree.VACANCE: "Vacance : de la disponibilité au bail",
    Duree.TOTAL: "En tout : du congé au bail",
}


class Attente(StrEnum):
    """Ce qu'attend une libération sans bail."""

    ORIENTATION = "orientation"
    NOTIFICATION = "notification"
    PRESENTATION = "presentation"
    COMMISSION = "commission"
    REPONSE = "reponse"
    HORS_FLUX = "hors_flux"

    @property
    def libelle(self) -> str:
        """Ce qu'on attend."""
        return {
            Attente.HORS_FLUX: "Bail hors du flux",
            Attente.ORIENTATION: "À orienter",
            Attente.NOTIFICATION: "À mettre à disposition",
            Attente.PRESENTATION: "Candidats attendus",
            Attente.COMMISSION: "Commission attendue",
            Attente.REPONSE: "Réponse ou bail attendu",
        }[self]


@dataclass(frozen=True, slots=True)
class Repartition:
    """Une durée sur un ensemble de libérations : leur nombre, les quartiles, le plus long."""

    duree: Duree
    nombre: int
    premier_quartile: Fraction | None = None
    mediane: Fraction | None = None
    troisieme_quartile: Fraction | None = None
    maximum: int | None = None


def repartir(duree: Duree, jours: Sequence[int]) -> Repartition:
    """Les quartiles, par interpolation linéaire entre les rangs (celle des tableurs) ; vides sans valeur."""
    if not jours:
        return Repartition(duree, 0)
    tries = sorted(jours)
    q1, mediane, q3 = (quantile(tries, Fraction(rang, 4)) for rang in (1, 2, 3))
    return Repartition(duree, len(tries), q1, mediane, q3, tries[-1])


def quantile(tries: Sequence[int], part: Fraction) -> Fraction:
    """Le quantile exact d'une suite triée non vide : interpolation linéaire, comme QUARTILE.INCLURE."""
    place = part * (len(tries) - 1)
    bas = place.numerator // place.denominator
    haut = min(bas + 1, len(tries) - 1)
    return tries[bas] + (place - bas) * (tries[haut] - tries[bas])
