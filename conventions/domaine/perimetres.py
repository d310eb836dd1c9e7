"""Les communes vues par les lignes de droit : quelles lignes se recouvrent où, et à quelles dates (RG-11, RG-13, RG-14)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from conventions.domaine.versions import LigneDroit, VersionConvention
from flux_reservations.commun.calendrier import UN_JOUR

Zone = Callable[[LigneDroit], frozenset[str]]


def zone_exercee(ligne: LigneDroit) -> frozenset[str]:
    """Où le droit s'exerce."""
    return ligne.perimetre


def zone_courue(ligne: LigneDroit) -> frozenset[str]:
    """Où le droit court."""
    return ligne.assiette


@dataclass(frozen=True, slots=True)
class LigneEnVigueur:
    """Une ligne de droit et la version qui la porte."""

    version: VersionConvention
    ligne: LigneDroit


@dataclass(frozen=True, slots=True)
class Recouvrement:
    """Des communes où ce sont exactement les mêmes lignes qui se recouvrent, du même au même jour."""

    debut: date
    fin: date
    communes: tuple[str, ...]
    lignes: tuple[LigneEnVigueur, ...]


def intervalles(
    versions: Iterable[VersionConvention], debut: date, fin: date, coupures: Iterable[date] = ()
) -> Iterator[tuple[date, date]]:
    """Découpe la période (bornes incluses) aux dates où une version ou une ligne commence ou finit, et aux `coupures` données."""
    debuts = {debut}
    for version in versions:
        debuts.add(version.debut)
        fins = {version.fin, *(ligne.fin for ligne in version.lignes)}
        debuts.update(fin + UN_JOUR for fin in fins if fin is not None)
    debuts.update(coupures)
    bornes = sorted(jour for jour in debuts if debut <= jour <= fin)
    for indice, jour in enumerate(bornes):
        yield jour, (bornes[indice + 1] - UN_JOUR if indice + 1 < len(bornes) else fin)


def recouvrements(
    versions: Sequence[VersionConvention],
    debut: date,
    fin: date,
    zone: Zone = zone_exercee,
    coupures: Iterable[date] = (),
) -> Iterator[Recouvrement]:
    """Toutes les situations distinctes de la période : à chaque date et sur chaque commune (RG-14)."""
    for du, au in intervalles(versions, debut, fin, coupures):
        lignes = [
            LigneEnVigueur(version, ligne)
            for version in versions
            if version.court(du)
            for ligne in version.lignes_le(du)
        ]
        par_commune: dict[str, list[int]] = {}
        for indice, en_vigueur in enumerate(lignes):
            for commune in zone(en_vigueur.ligne):
                par_commune.setdefault(commune, []).append(indice)
        groupes: dict[tuple[int, ...], list[str]] = {}
        for commune, indices in par_commune.items():
            groupes.setdefault(tuple(indices), []).append(commune)
        for indices_communs, communes in sorted(groupes.items()):
            yield Recouvrement(du, au, tuple(sorted(communes)), tuple(lignes[indice] for indice in indices_communs))


def somme_des_taux(lignes: Iterable[LigneEnVigueur]) -> Decimal:
    """Somme des taux, en %."""
    return sum((en_vigueur.ligne.taux for en_vigueur in lignes), Decimal(0))
