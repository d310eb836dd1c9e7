"""Ce qu'une personne choisit pour un import à l'écran : le tableau d'un fichier, le sens d'une colonne, ce que MODE vaut."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

IGNOREE: Final = "-"
"""Dans une correspondance : cette colonne n'est pas lue."""


@dataclass(frozen=True, slots=True)
class Options:
    """Les choix d'un import ; par défaut, le contrat de formats.md seul."""

    types: Mapping[str, str] = field(default_factory=dict)
    """Tableau d'un fichier dont le nom ne le dit pas."""
    correspondances: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Par tableau, la colonne que désigne un en-tête (normalisé)."""
    modes_ignores: frozenset[str] = frozenset()
    """Hors champ que MODE (RPLS) ne pose pas : la personne ne l'a pas confirmé."""
    modes_confirmes: bool = False
    """Vrai si une personne a déjà dit, à l'écran, ce que MODE met hors du champ : il n'y a plus rien à confirmer."""
    avancer: Callable[[int], None] | None = None
    """Appelé avec le nombre de lignes lues de plus."""
