"""L'arrondi a un nom et un seul endroit : chaînes exactes, moitié vers le haut, plus forts restes. Aucun flottant."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeAlias, TypeVar

from flux_reservations.commun.erreurs import ErreurMetier

Nombre: TypeAlias = int | Decimal | Fraction
"""Un nombre exact ; `float` est refusé partout dans le domaine."""

PREMIER_PLURIEL: Final = 2
"""Le premier nombre dont le mot se met au pluriel."""

Cle = TypeVar("Cle", bound=Hashable)


def arrondir(valeur: Nombre) -> int:
    """L'entier le plus proche ; une moitié va vers le haut (2,5 → 3 ; −2,5 → −2)."""
    return (Fraction(valeur) + Fraction(1, 2)).__floor__()


def arrondir_a(valeur: Nombre, decimales: int) -> Fraction:
    """La valeur au plus proche à `decimales` décimales, moitié vers le haut."""
    echelle = 10**decimales
    return Fraction(arrondir(Fraction(valeur) * echelle), echelle)


def _ecrire(entier_a_l_echelle: int, decimales: int) -> str:
    """Chaîne d'un entier mis à l'échelle 10**décimales (−62 500 à 4 décimales → « -6.2500 »)."""
    signe = "-" if entier_a_l_echelle < 0 else ""
    entier, reste = divmod(abs(entier_a_l_echelle), 10**decimales)
    return f"{signe}{entier}.{reste:0{decimales}d}" if decimales else f"{signe}{entier}"


def chaine_exacte(valeur: Nombre, decimales: int = 4) -> str:
    """La valeur en chaîne, sans rien perdre ; lève `ErreurMetier` si elle ne tient pas en `decimales` décimales.

    Droits théoriques, reports et soldes s'écrivent ainsi (formats.md § 2) : un taux à deux décimales fois un nombre de
    logements tient toujours en quatre décimales.
    """
    a_l_echelle = Fraction(valeur) * 10**decimales
    if a_l_echelle.denominator != 1:
        raise ErreurMetier("nombre_inexact", f"{valeur} ne s'écrit pas exactement avec {decimales} décimales.")
    return _ecrire(a_l_echelle.numerator, decimales)


def chaine_arrondie(valeur: Nombre, decimales: int = 2) -> str:
    """La valeur en chaîne au plus proche (moitié vers le haut) : les parts et les taux constatés."""
    return _ecrire(arrondir(Fraction(valeur) * 10**decimales), decimales)


def lisible(valeur: Nombre, decimales: int = 2) -> str:
    """La valeur arrondie, à la française et sans zéro inutile (30 ; 3,3 ; −0,25) : pour un message, jamais pour un fichier."""
    entier, _, reste = chaine_arrondie(valeur, decimales).partition(".")
    reste = reste.rstrip("0")
    return f"{entier},{reste}" if reste else entier


def est_pluriel(nombre: Nombre) -> bool:
    """Vrai si le mot que ce nombre compte se met au pluriel : en français, à partir de deux."""
    return abs(Fraction(nombre)) >= PREMIER_PLURIEL


def accorder(nombre: int, singulier: str, pluriel: str = "") -> str:
    """« 1 logement », « 2 logements » : un nombre et son mot, dans un message du domaine (à l'écran : `presentation.compter`)."""
    return f"{nombre} {(pluriel or f'{singulier}s') if est_pluriel(nombre) else singulier}"


def pourcentage(partie: Nombre, tout: Nombre, decimales: int = 2) -> str | None:
    """`partie` ÷ `tout` en %, en chaîne arrondie ; None si le dénominateur est nul."""
    if not tout:
        return None
    return chaine_arrondie(Fraction(partie) * 100 / Fraction(tout), decimales)


def repartir_aux_plus_forts_restes(quotas: Mapping[Cle, Fraction], total: int, rang: Sequence[Cle]) -> dict[Cle, int]:
    """Entiers proches des `quotas`, de somme `total` : l'entier inférieur, puis une unité aux plus forts restes.

    À restes égaux, le premier de `rang` est servi. `total` doit être compris entre la somme des entiers inférieurs et
    celle-ci plus un par quota : c'est vrai dès que `total` est la somme des quotas arrondie d'un côté ou de l'autre.
    """
    planchers = {cle: quota.__floor__() for cle, quota in quotas.items()}
    manquants = total - sum(planchers.values())
    if not 0 <= manquants <= len(quotas):
        raise ErreurMetier("repartition_impossible", f"{total} ne se répartit pas entre {len(quotas)} quotas.")
    position = {cle: indice for indice, cle in enumerate(rang)}
    servis = sorted(quotas, key=lambda cle: (planchers[cle] - quotas[cle], position[cle]))[:manquants]
    return {cle: plancher + (cle in servis) for cle, plancher in planchers.items()}
