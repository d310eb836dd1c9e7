"""Le hasard de la démonstration : une graine, et des tirages nommés. Même graine, mêmes données."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

from flux_reservations.commun.calendrier import premier_jour_ouvre

Chose = TypeVar("Chose")


class Hasard:
    """Une source de tirages reproductibles."""

    def __init__(self, graine: int | str) -> None:
        """`graine` : un nombre ou un texte ; deux sources de même graine tirent la même suite."""
        self._tirage = Random(f"{graine}")  # noqa: S311 : données de démonstration, aucun secret

    def est_vrai(self, sur_mille: int) -> bool:
        """Vrai `sur_mille` fois sur mille."""
        return self._tirage.randrange(1000) < sur_mille

    def entier(self, minimum: int, maximum: int) -> int:
        """Un entier entre les deux bornes, incluses."""
        return self._tirage.randint(minimum, maximum)

    def vers(self, minimum: int, maximum: int, mode: int) -> int:
        """Un entier entre les deux bornes, le plus souvent près de `mode`."""
        return round(self._tirage.triangular(minimum, maximum, mode))

    def choisir(self, choses: Sequence[Chose]) -> Chose:
        """L'une des choses, toutes également probables."""
        return choses[self._tirage.randrange(len(choses))]

    def peser(self, poids: Sequence[tuple[Chose, int]]) -> Chose:
        """L'une des choses, selon son poids."""
        cumuls = list(accumulate(nombre for _, nombre in poids))
        return poids[bisect(cumuls, self._tirage.randrange(cumuls[-1]))][0]

    def tirer(self, choses: Sequence[Chose], nombre: int) -> list[Chose]:
        """`nombre` choses différentes, sans remise (toutes s'il n'y en a pas tant)."""
        return self._tirage.sample(choses, min(nombre, len(choses)))

    def melanger(self, choses: Sequence[Chose]) -> list[Chose]:
        """Les mêmes choses, dans un autre ordre."""
        return self.tirer(choses, len(choses))

    def apres(self, depart: date, minimum: int, maximum: int, mode: int | None = None) -> date:
        """Un jour ouvré, entre `minimum` et `maximum` jours après `depart` (au plus près)."""
        milieu = (minimum + maximum) // 2 if mode is None else mode
        return premier_jour_ouvre(depart + timedelta(days=self.vers(minimum, maximum, milieu)))


class Urne(Generic[Chose]):
    """Des choses pesées une fois pour toutes, qu'on tire avec remise."""

    def __init__(self, hasard: Hasard, choses: Sequence[tuple[Chose, int]]) -> None:
        """`choses` : chaque chose et son poids, positif."""
        self._hasard = hasard
        self._choses = [chose for chose, _ in choses]
        self._cumuls = list(accumulate(poids for _, poids in choses))

    def tirer(self) -> Chose:
        """L'une des choses, selon son poids."""
        return self._choses[bisect(self._cumuls, self._hasard.entier(0, self._cumuls[-1] - 1))]
