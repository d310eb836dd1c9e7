"""Clé de tri et de recherche d'un texte : sans accents, sans casse, indépendante de la base (PostgreSQL sans ICU trie É après Z)."""

from __future__ import annotations

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})
_NI_LETTRE_NI_CHIFFRE = re.compile(r"[^a-z0-9]+")


def cle_de_tri(texte: str) -> str:
    """Rend `texte` en minuscules, sans accents, ponctuation et blancs ramenés à une espace.

    « L'Haÿ-les-Roses » devient « l hay les roses » : la même clé sert à trier et à chercher.
    """
    decompose = unicodedata.normalize("NFD", texte.lower().translate(_LIGATURES))
    sans_accents = "".join(caractere for caractere in decompose if not unicodedata.combining(caractere))
    return _NI_LETTRE_NI_CHIFFRE.sub(" ", sans_accents).strip()
