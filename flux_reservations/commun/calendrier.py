"""Jours fériés français, jours ouvrés, anniversaires : le calendrier des délais (RG-44, RG-46)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

ANNEES_LUES: Final = range(1900, 2201)
"""Les années qu'on lit d'une adresse ou d'une commande : au-delà, c'est une faute de frappe."""

UN_JOUR = timedelta(days=1)
SAMEDI = 5
_FERIES_FIXES = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
_FERIES_DE_PAQUES = (1, 39, 50)
"""Jours après Pâques : lundi de Pâques, Ascension, lundi de Pentecôte (code du travail, L3133-1)."""


def dimanche_de_paques(annee: int) -> date:
    """Dimanche de Pâques de l'année, par l'algorithme grégorien de Butcher."""
    a = annee % 19
    b, c = divmod(annee, 100)
    d, e = divmod(b, 4)
    f = (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    mois, jour = divmod(h + m - 7 * n + 114, 31)
    return date(annee, mois, jour + 1)


@lru_cache(maxsize=256)
def jours_feries(annee: int) -> frozenset[date]:
    """Les onze jours fériés de l'année (hors droit local d'Alsace-Moselle et outre-mer)."""
    paques = dimanche_de_paques(annee)
    return frozenset(date(annee, mois, jour) for mois, jour in _FERIES_FIXES) | {
        paques + timedelta(days=ecart) for ecart in _FERIES_DE_PAQUES
    }


def est_ferie(jour: date) -> bool:
    """Vrai un jour férié."""
    return jour in jours_feries(jour.year)


def est_ouvre(jour: date) -> bool:
    """Vrai du lundi au vendredi hors jours fériés."""
    return jour.weekday() < SAMEDI and not est_ferie(jour)


def premier_jour_ouvre(jour: date) -> date:
    """Le jour lui-même s'il est ouvré, sinon le premier jour ouvré qui suit."""
    while not est_ouvre(jour):
        jour += UN_JOUR
    return jour


def ajouter_jours_ouvres(depart: date, nombre: int) -> date:
    """Le `nombre`-ième jour ouvré après `depart` (non compté) ; `depart` lui-même pour zéro."""
    jour = depart
    for _ in range(nombre):
        jour = premier_jour_ouvre(jour + UN_JOUR)
    return jour


def ajouter_annees(depart: date, nombre: int) -> date:
    """Le même quantième `nombre` années plus tard ; à défaut (29 février) le dernier jour du mois."""
    try:
        return depart.replace(year=depart.year + nombre)
    except ValueError:
        return depart.replace(year=depart.year + nombre, day=28)


def ajouter_mois(depart: date, nombre: int) -> date:
    """Le même quantième `nombre` mois plus tard ; à défaut le dernier jour du mois (31 janvier + 1 mois = 28 ou 29 février)."""
    annee, mois = divmod(depart.year * 12 + depart.month - 1 + nombre, 12)
    dernier = (date(annee + (mois == 11), (mois + 1) % 12 + 1, 1) - UN_JOUR).day  # noqa: PLR2004 : décembre, compté de 0
    return date(annee, mois + 1, min(depart.day, dernier))


def premier_janvier(annee: int) -> date:
    """Le 1er janvier de l'année."""
    return date(annee, 1, 1)


def trente_et_un_decembre(annee: int) -> date:
    """Le 31 décembre de l'année."""
    return date(annee, 12, 31)


def jours_entre(debut: date, fin: date) -> Iterator[date]:
    """Chaque jour de `debut` à `fin`, bornes incluses."""
    jour = debut
    while jour <= fin:
        yield jour
        jour += UN_JOUR
