"""Lire en flux le XML d'un classeur sans qu'un document piégé prenne la mémoire ou le temps du processus."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from xml.parsers import expat

Debut = Callable[[str, Mapping[str, str]], None]

PROFONDEUR_MAXIMALE: Final = 32
"""Éléments ouverts les uns dans les autres : une feuille en a une dizaine, et chacun coûte de la mémoire jusqu'à sa fermeture."""
BALISE_MAXIMALE: Final = 1_000_000
"""Octets d'une balise ou d'un commentaire : il est relu depuis son début à chaque bloc tant qu'il n'est pas fini."""
NOMS_MAXIMAUX: Final = 10_000
"""Noms différents d'éléments et d'attributs, gardés jusqu'à la fin de la lecture : un classeur en a quelques centaines."""


class ClasseurAbime(Exception):
    """Le document n'est pas celui d'un classeur sain."""


class Analyseur:
    """Un document XML lu bloc à bloc. Il ne peut ni déclarer de type (une bombe d'entités), ni emboîter sans fin."""

    def __init__(self, ouvrir: Debut, fermer: Callable[[str], None], texte: Callable[[str], None]) -> None:
        self._noms: dict[str, str] = {}
        self._lus = self._dernier = 0
        self._expat = expat.ParserCreate(intern=self._noms)
        self._expat.buffer_text = True
        self._expat.CharacterDataHandler = texte
        self._expat.StartDoctypeDeclHandler = _refuser_declaration
        profondeur = 0

        def commencer(nom: str, attributs: Mapping[str, str]) -> None:
            nonlocal profondeur
            profondeur += 1
            if profondeur > PROFONDEUR_MAXIMALE:
                raise ClasseurAbime
            ouvrir(nom, attributs)

        def terminer(nom: str) -> None:
            nonlocal profondeur
            profondeur -= 1
            fermer(nom)

        self._expat.StartElementHandler = commencer
        self._expat.EndElementHandler = terminer

    def lire(self, bloc: bytes) -> None:
        """Avance d'un bloc. Lève `ClasseurAbime` sur un piège, `ExpatError` sur un document mal formé."""
        self._expat.Parse(bloc, False)
        self._lus += len(bloc)
        self._dernier = max(self._dernier, self._expat.CurrentByteIndex)
        if self._lus - self._dernier > BALISE_MAXIMALE or len(self._noms) > NOMS_MAXIMAUX:
            raise ClasseurAbime

    def finir(self) -> None:
        """Vérifie que le document est complet. Lève `ExpatError` sinon."""
        self._expat.Parse(b"", True)


def _refuser_declaration(*_: object) -> None:
    raise ClasseurAbime
