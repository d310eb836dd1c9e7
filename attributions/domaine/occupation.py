"""Ce qu'on montre de l'occupation d'une résidence : les petits effectifs de ménages se taisent (RG-51, RG-64)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PartDesMenages:
    """Une partie des ménages ; `effectif` None : tu."""

    libelle: str
    effectif: int | None
    pourcentage: int | None


@dataclass(frozen=True, slots=True)
class OccupationMontree:
    """Une enquête, prête à montrer ; `menages` None : la résidence est trop petite pour qu'on en dise rien."""

    enquete_le: date
    menages: int | None
    parts: tuple[PartDesMenages, ...]
    seuil: int

    @property
    def a_du_tu(self) -> bool:
        """Vrai si une partie au moins est tue."""
        return any(part.effectif is None for part in self.parts)


def montrer_occupation(
    enquete_le: date, menages: int, parties: Iterable[tuple[str, int | None]], seuil: int
) -> OccupationMontree:
    """Tait tout effectif de 1 à `seuil` - 1, et celui qui le redonnerait par soustraction au total ; oublie l'inconnu."""
    if menages < seuil:
        return OccupationMontree(enquete_le, None, (), seuil)
    parts = tuple(_part(libelle, effectif, menages, seuil) for libelle, effectif in parties if effectif is not None)
    return OccupationMontree(enquete_le, menages, parts, seuil)


def _part(libelle: str, effectif: int, menages: int, seuil: int) -> PartDesMenages:
    if 0 < effectif < seuil or 0 < menages - effectif < seuil:
        return PartDesMenages(libelle, None, None)
    return PartDesMenages(libelle, effectif, (200 * effectif + menages) // (2 * menages))
