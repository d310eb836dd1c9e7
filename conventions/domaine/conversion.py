"""La conversion du stock en taux : trois lectures par réservataire, et ce qui revient au préfet (RG-19, RG-34, RG-35)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from conventions.domaine.codes import NatureDroitStock
from conventions.domaine.repli import Repli, zone_d_origine
from conventions.domaine.versions import PartieReservataire
from flux_reservations.droit.conversion import taux_pondere, taux_simple


class Strate(NamedTuple):
    """Commune × typologie × QPV : des logements qui tournent pareil (RG-35)."""

    commune: str
    typologie: str
    qpv: bool


class DroitsEnStock(NamedTuple):
    """Des droits de même nature et de mêmes dates d'un réservataire dans une strate."""

    reservataire: int
    nature: str
    date_debut: date | None
    date_fin: date | None
    strate: Strate
    nombre: int


@dataclass(frozen=True, slots=True)
class FaitsConversion:
    """Le stock d'un bailleur dans un département, à une date.

    `logements` : logements du champ hors stock maintenu, par strate, à la date ; `mises_en_location` : A des trois années civiles
    précédentes, par strate ; `droits` : tous les droits sur ces logements, sauf ceux de RG-07 ; `replis` : ceux de l'année.
    """

    bailleur: str
    departement: str
    date: date
    logements: Mapping[Strate, int]
    mises_en_location: Mapping[Strate, int]
    droits: Sequence[DroitsEnStock]
    reservataires: Mapping[int, PartieReservataire]
    replis: Sequence[Repli] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Conversion:
    """Les lectures du stock d'un réservataire ; taux en %, None sans dénominateur (RG-35)."""

    reservataire: PartieReservataire
    suite_actifs: int
    suite_echus: int
    uniques: int
    taux_simple: Fraction | None
    taux_pondere: Fraction | None
    taux_de_repli: Fraction
    zone: frozenset[str]
    logements: int


def convertir_stock(faits: FaitsConversion) -> tuple[Conversion, ...]:
    """Une conversion par réservataire qui a des droits en stock sur des logements du champ, triées par code."""
    communes = frozenset(strate.commune for strate in faits.logements)
    par_reservataire: dict[int, list[DroitsEnStock]] = {}
    for droits in faits.droits:
        par_reservataire.setdefault(droits.reservataire, []).append(droits)
    repli = {repli.reservataire.identifiant: repli.taux for repli in faits.replis if repli.court(faits.date)}
    conversions = [
        _convertir(faits, partie, par_reservataire[identifiant], communes, repli.get(identifiant, Fraction(0)))
        for identifiant, partie in faits.reservataires.items()
        if identifiant in par_reservataire and not partie.garde_son_stock
    ]
    return tuple(sorted(conversions, key=lambda conversion: conversion.reservataire.code))


def _convertir(
    faits: FaitsConversion,
    partie: PartieReservataire,
    tous: Iterable[DroitsEnStock],
    communes: frozenset[str],
    repli: Fraction,
) -> Conversion:
    """Droits et logements sont ceux du territoire du réservataire, à défaut du département (RG-35)."""
    zone = zone_d_origine(partie, communes)
    droits = [un for un in tous if un.strate.commune in zone]
    suite = [un for un in droits if un.nature == NatureDroitStock.SUITE]
    logements = {strate: nombre for strate, nombre in faits.logements.items() if strate.commune in zone}
    actifs: dict[Strate, int] = {}
    for un in suite:
        if est_actif(un, faits.date):
            actifs[un.strate] = actifs.get(un.strate, 0) + un.nombre
    total = sum(logements.values())
    nombre_actifs = sum(actifs.values())
    return Conversion(
        reservataire=partie,
        suite_actifs=nombre_actifs,
        suite_echus=sum(un.nombre for un in suite if est_echu(un, faits.date)),
        uniques=sum(
            un.nombre for un in droits if un.nature == NatureDroitStock.UNIQUE and not est_echu(un, faits.date)
        ),
        taux_simple=taux_simple(nombre_actifs, total),
        taux_pondere=taux_pondere(actifs, logements, faits.mises_en_location),
        taux_de_repli=repli,
        zone=zone,
        logements=total,
    )


def est_echu(droits: DroitsEnStock, le: date) -> bool:
    """Vrai si le droit a pris fin avant ce jour."""
    return droits.date_fin is not None and droits.date_fin < le


def est_actif(droits: DroitsEnStock, le: date) -> bool:
    """Vrai si le droit a commencé et n'est pas échu."""
    return (droits.date_debut is None or droits.date_debut <= le) and not est_echu(droits, le)
