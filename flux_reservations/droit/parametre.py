"""Le paramètre de droit : une valeur datée et sourcée, jamais un littéral (RG-38)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Generic, TypeVar

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.droit.textes import Source

Valeur = TypeVar("Valeur")

TOUJOURS = date(1, 1, 1)
"""Début d'une valeur qui ne tient à l'entrée en vigueur d'aucun texte (pratique, choix du projet)."""


class Certitude(StrEnum):
    """Ce qui fonde une règle ou une valeur (domaine.md)."""

    VERIFIEE = "V"
    PRATIQUE = "P"
    INTERPRETATION = "I"

    @property
    def libelle(self) -> str:
        """Ce qu'on lit à l'écran."""
        return {
            Certitude.VERIFIEE: "texte ou note officielle",
            Certitude.PRATIQUE: "pratique constante",
            Certitude.INTERPRETATION: "interprétation retenue ici",
        }[self]


@dataclass(frozen=True, slots=True)
class Version(Generic[Valeur]):
    """Une valeur, le jour où elle commence à s'appliquer et le texte qui la porte."""

    depuis: date
    valeur: Valeur
    source: Source


@dataclass(frozen=True, slots=True)
class Parametre(Generic[Valeur]):
    """Un chiffre de droit : ses versions, de la plus ancienne à la plus récente, ne s'effacent jamais.

    `unite` dit dans quoi il se compte ; `regle` est le numéro de la règle qu'il sert (RG-nn).
    """

    libelle: str
    unite: str
    regle: str
    versions: tuple[Version[Valeur], ...]
    certitude: Certitude = Certitude.VERIFIEE

    def __post_init__(self) -> None:
        dates = [version.depuis for version in self.versions]
        if not dates or dates != sorted(set(dates)):
            raise ErreurMetier(
                "parametre_mal_date", f"« {self.libelle} » : des versions datées, une par date, dans l'ordre."
            )

    def version(self, a_la_date: date) -> Version[Valeur]:
        """La version qui s'applique à cette date ; lève `ErreurMetier` si aucune ne s'appliquait encore."""
        for version in reversed(self.versions):
            if version.depuis <= a_la_date:
                return version
        raise ErreurMetier(
            "parametre_sans_valeur",
            f"« {self.libelle} » n'a pas de valeur au {a_la_date:%d/%m/%Y} : la première date du "
            f"{self.versions[0].depuis:%d/%m/%Y}.",
            regle=self.regle,
        )

    def valeur(self, a_la_date: date) -> Valeur:
        """La valeur qui s'applique à cette date (RG-38)."""
        return self.version(a_la_date).valeur


def fixe(valeur: Valeur, source: Source, depuis: date = TOUJOURS) -> tuple[Version[Valeur], ...]:
    """L'unique version d'un paramètre qui n'a pas changé."""
    return (Version(depuis, valeur, source),)
