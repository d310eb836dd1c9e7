"""Ce que rend un lecteur : des lignes de cellules en texte, la première étant l'en-tête."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final


class FichierIllisible(Exception):
    """Le fichier n'est pas un tableau lisible ; `message` dit le remède, `ligne` où, si on le sait."""

    def __init__(self, message: str, *, ligne: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.ligne = ligne


SANS_RESULTAT: Final = "#CALC!"
"""Ce que vaut une formule que son logiciel n'a jamais calculée : on ne sait pas ce que la personne voyait."""
LONGUEUR_DE_CELLULE: Final = 131_072
"""Caractères d'une cellule, au-delà desquels ce n'en est plus une (la borne du lecteur CSV de Python, tenue aussi pour un classeur)."""
COLONNES_MAXIMALES: Final = 500
"""Un RPLS complet en a cent vingt : au-delà, ce n'est pas un de nos tableaux."""


class Nombre(str):
    """Le texte d'une cellule de tableur qui était un nombre : un code y a peut-être perdu ses zéros de tête."""

    __slots__ = ()


@dataclass(slots=True)
class Source:
    """Des lignes à lire une fois, en-tête compris ; une ligne vide compte, pour que les numéros soient ceux du tableur."""

    lignes: Iterator[list[str]]
    fermer: Callable[[], None]
    est_tableur: bool = False
    """Vrai si une ligne peut finir avant l'en-tête : un tableur n'écrit pas ses dernières cellules vides."""
