"""Une règle du domaine : ce qu'elle dit en une phrase, ce qui la fonde, et les paramètres qu'elle lit."""

from __future__ import annotations

from dataclasses import dataclass

from flux_reservations.droit.parametre import Certitude
from flux_reservations.droit.textes import Source


@dataclass(frozen=True, slots=True)
class Regle:
    """Une règle numérotée (RG-nn), reformulée ; son numéro est cité par le code, les écrans et les essais qui l'appliquent.

    `certitude` est la plus faible de ce que dit l'énoncé ; `nuance` dit alors ce qui est lu dans un texte et ce qui est retenu ici.
    """

    numero: str
    titre: str
    enonce: str
    source: Source
    certitude: Certitude
    nuance: str = ""


@dataclass(frozen=True, slots=True)
class Chapitre:
    """Un groupe de règles, dans l'ordre où on les lit."""

    titre: str
    regles: tuple[Regle, ...]
