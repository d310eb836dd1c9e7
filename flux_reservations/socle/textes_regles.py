"""Ce qu'on dit d'une règle en une phrase, lu dans `droit/`."""

from __future__ import annotations


def resumer_regle(numero: str) -> str:
    """Le titre de la règle ; vide si elle n'est pas décrite."""
    del numero
    return ""
