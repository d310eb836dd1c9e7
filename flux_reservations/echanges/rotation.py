"""La rotation estimée d'un parc d'après ses baux en cours : ce que le RPLS en dit avant toute histoire (RG-32, RG-35)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction


def estimer_rotation(baux: Mapping[int, int], derniere: int, annees: int) -> Fraction | None:
    """Part moyenne des logements reloués dans une année, sur les `annees` qui finissent à `derniere` ; None sans bail connu.

    `baux` compte les logements par année de leur bail en cours. Un logement reloué depuis ne montre que son dernier bail : la part de
    chaque année se lit donc sur ceux que les années suivantes n'ont pas encore reloués.
    """
    reste = sum(nombre for annee, nombre in baux.items() if annee <= derniere)
    parts: list[Fraction] = []
    for annee in range(derniere, derniere - annees, -1):
        if reste <= 0:
            break
        parts.append(Fraction(baux.get(annee, 0), reste))
        reste -= baux.get(annee, 0)
    return sum(parts, Fraction(0)) / len(parts) if parts else None
