"""Ce que chaque application dit de ses actes en nombre : comment en faire un, comment le nommer, où le lire."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from flux_reservations.commun.acteur import Acteur
from flux_reservations.series.models import ActeDeSerie, GenreSerie, Serie
from flux_reservations.socle.presentation import Fil


@dataclass(frozen=True, slots=True)
class Suite:
    """Ce qui reste à dire d'un acte fait ; `reste_a_remettre` : quelqu'un doit encore remettre ou corriger l'un de ses envois."""

    phrase: str
    reste_a_remettre: bool = False


class Genre(ABC):
    """Un acte qu'on répète. `executer` appelle l'action de l'acte unitaire : les règles n'ont qu'une version."""

    code: ClassVar[GenreSerie]
    singulier: ClassVar[str]
    """« convention » : ce que compte la série."""
    fait: ClassVar[str]
    """« signée » : ce que devient une ligne, au féminin ou au masculin de `singulier`."""
    bouton: ClassVar[str]
    avertissement: ClassVar[str]
    """Ce que l'acte a d'irréversible, dit avant la confirmation."""

    def avertir(self, actes: Sequence[ActeDeSerie]) -> str:
        """L'avertissement de cette série : `actes` sont ceux que la confirmation fera."""
        del actes
        return self.avertissement

    @abstractmethod
    def executer(self, acteur: Acteur, acte: ActeDeSerie) -> str:
        """Fait l'acte, dans la transaction en cours ; rend ce qui a été fait. Lève `ErreurMetier` s'il est refusé."""

    @abstractmethod
    def adresse(self, acte: ActeDeSerie) -> str:
        """La page de la ligne visée."""

    @abstractmethod
    def retour(self, serie: Serie) -> str:
        """La page d'où part la série."""

    @abstractmethod
    def fil(self, serie: Serie) -> Fil:
        """Le fil d'Ariane de la série."""

    def lien_de_suite(self, suites: Mapping[int, Suite]) -> tuple[str, str] | None:
        """Où finir ce que la série a laissé à faire : (libellé, adresse) ; rien par défaut."""
        del suites
        return None

    def suivre(self, acteur: Acteur, actes: Sequence[ActeDeSerie]) -> dict[int, Suite]:
        """Par clé, ce qui reste à dire d'un acte fait (ses envois…) ; lu dans ce que l'acteur voit, en un nombre fixe de requêtes."""
        del acteur, actes
        return {}


_GENRES: dict[str, Genre] = {}


def inscrire(classe: type[Genre]) -> type[Genre]:
    """Décorateur : fait connaître un acte en nombre aux séries."""
    _GENRES[classe.code.value] = classe()
    return classe


def genre_de(serie: Serie) -> Genre:
    """L'acte que répète cette série."""
    return _GENRES[serie.genre]
