"""La rotation d'un parc d'après ses baux en cours : ce que le RPLS en dit avant toute histoire (RG-32, RG-35)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class BauxEnCours:
    """Les logements d'un parc par année de leur bail en cours, à la fin de la dernière année connue.

    `relocations` : le bail en cours n'est pas le premier du logement (ou l'on n'en sait rien) ; `premieres` : il l'est, le logement
    n'existait pas avant ; `sans_bail` : logements vacants, offerts à la location.
    """

    relocations: Mapping[int, int] = field(default_factory=dict)
    premieres: Mapping[int, int] = field(default_factory=dict)
    sans_bail: int = 0

    @property
    def total(self) -> int:
        """Logements connus."""
        return sum(self.relocations.values()) + sum(self.premieres.values()) + self.sans_bail


def estimer_rotation(baux: BauxEnCours, derniere: int, annees: int) -> Fraction | None:
    """Part moyenne des logements reloués dans une année (0 à 1), sur les `annees` qui finissent à `derniere` ; None sans logement connu.

    Un logement reloué depuis ne montre que son dernier bail : la part de chaque année se lit sur ceux que les années suivantes n'ont pas
    reloués. Un premier bail n'est pas une relocation, et son logement n'était pas encore à relouer cette année-là.
    """
    parts: list[Fraction] = []
    for annee in range(derniere, derniere - annees, -1):
        reste = baux.sans_bail + sum(nombre for une, nombre in baux.relocations.items() if une <= annee)
        reste += sum(nombre for une, nombre in baux.premieres.items() if une < annee)
        if reste <= 0:
            break
        parts.append(Fraction(baux.relocations.get(annee, 0), reste))
    return sum(parts, Fraction(0)) / len(parts) if parts else None
