"""Désigner un objet d'une table à l'autre sans sa clé de base : « C-12 », « L-3 / 1 », « annuel / 94 / 2025 / 1 »."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError

from attributions.models import Liberation, Orientation, Seance
from bilans.models import Bilan
from conventions.models import Bailleur, Concertation, Convention
from flux_reservations.commun.cles import lire_entier
from flux_reservations.notifications.models import Envoi

SEPARATEUR: Final = " / "


@dataclass(frozen=True, slots=True)
class Sorte:
    """Une sorte d'objet : sa table, où est son bailleur, ce qui le désigne chez lui."""

    modele: Any
    bailleur: str
    designation: tuple[str, ...]


SORTES: Final[Mapping[str, Sorte]] = {
    "conventions.bailleur": Sorte(Bailleur, "pk", ("siren",)),
    "conventions.convention": Sorte(Convention, "bailleur_id", ("numero",)),
    "conventions.concertation": Sorte(Concertation, "bailleur_id", ("commune_id", "programme")),
    "attributions.liberation": Sorte(Liberation, "bailleur_id", ("numero",)),
    "attributions.orientation": Sorte(Orientation, "liberation__bailleur_id", ("liberation__numero", "rang")),
    "attributions.seance": Sorte(Seance, "bailleur_id", ("date", "lieu")),
    "bilans.bilan": Sorte(Bilan, "bailleur_id", ("genre", "departement_id", "annee", "version")),
    "notifications.envoi": Sorte(Envoi, "emetteur_id", ("cle",)),
}
"""Objets qu'un envoi, une demande ou une pièce peut porter."""


def designer(objets: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Désignation de chaque (sorte, clé de base) ; celui qui n'existe plus, ou d'une sorte inconnue, n'y est pas."""
    cles: dict[str, set[int]] = defaultdict(set)
    for sorte, cle in objets:
        if sorte in SORTES and (pk := lire_entier(cle)) is not None:
            cles[sorte].add(pk)
    return {
        (sorte, str(pk)): SEPARATEUR.join(map(str, designation))
        for sorte, voulues in cles.items()
        for pk, *designation in SORTES[sorte]
        .modele.objects.filter(pk__in=voulues)
        .values_list("pk", *SORTES[sorte].designation)
    }


def retrouver(bailleur_id: int, objets: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Clé de base de chaque (sorte, désignation) d'un bailleur ; l'inconnu n'y est pas."""
    voulues: dict[str, set[str]] = defaultdict(set)
    for sorte, designation in objets:
        if sorte in SORTES and designation:
            voulues[sorte].add(designation)
    trouves: dict[tuple[str, str], str] = {}
    for sorte, designations in voulues.items():
        une = SORTES[sorte]
        debuts = {designation.split(SEPARATEUR)[0] for designation in designations}
        try:
            lignes = list(
                une.modele.objects.filter(
                    **{une.bailleur: bailleur_id, f"{une.designation[0]}__in": debuts}
                ).values_list("pk", *une.designation)
            )
        except (ValueError, TypeError, ValidationError):
            continue
        for pk, *valeurs in lignes:
            texte = SEPARATEUR.join(map(str, valeurs))
            if texte in designations:
                trouves[sorte, texte] = str(pk)
    return trouves
