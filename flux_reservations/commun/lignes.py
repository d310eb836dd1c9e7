"""Un texte qui tient sur une ligne : un nom, l'objet d'un courriel."""

from __future__ import annotations

import re
from typing import Final

SUR_UNE_LIGNE: Final = re.compile(r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z")
"""Ni saut de ligne, ni tabulation, ni autre caractère de commande."""
_DE_COMMANDE = re.compile(r"\s*[\x00-\x1f\x7f-\x9f\u2028\u2029]\s*")


def replier(texte: str) -> str:
    """Le texte sur une ligne : un saut de ligne, ou tout autre caractère de commande, y devient une espace."""
    return _DE_COMMANDE.sub(" ", texte).strip()
