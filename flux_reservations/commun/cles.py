"""Lire ce qui, dans une adresse ou un formulaire, désigne un objet par son numéro."""

from __future__ import annotations

from typing import Final

CHIFFRES_D_UNE_CLE: Final = 18
"""Chiffres au plus d'un entier que la base sait comparer."""


def lire_entier(texte: str) -> int | None:
    """L'entier écrit en chiffres de 0 à 9, dix-huit au plus ; None pour tout autre texte.

    « ² » est un chiffre pour `str.isdigit` et pas pour `int`, qui refuse aussi un texte de plus de 4 300 chiffres.
    """
    return int(texte) if texte.isascii() and texte.isdigit() and len(texte) <= CHIFFRES_D_UNE_CLE else None
