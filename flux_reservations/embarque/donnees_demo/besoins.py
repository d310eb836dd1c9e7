"""Ce que les réservataires disent chercher (RG-51)."""

from __future__ import annotations

from datetime import date
from typing import Final

from attributions.models import Besoin
from conventions.models import Reservataire

BESOINS: Final = (
    ("ETAT94", "", "T4", False, 41, "Familles reconnues DALO, revenus très modestes"),
    ("ETAT94", "", "T1", False, 63, "Sorties d'hébergement"),
    ("ETAT94", "", "T3", True, 9, "Un occupant en fauteuil roulant"),
    ("AL", "", "T2", False, 38, "Jeunes salariés en mobilité"),
    ("AL", "", "T3", False, 52, ""),
    ("AL", "commune:94081", "T4", False, 11, "Salariés du pôle de Vitry"),
    ("CRETEIL", "commune:94028", "T4", True, 12, "Logements de plain-pied ou avec ascenseur"),
    ("CRETEIL", "commune:94028", "T2", False, 27, "Décohabitation"),
    ("VITRY", "commune:94081", "T3", False, 34, ""),
    ("IVRY", "commune:94041", "T5", False, 6, "Familles nombreuses"),
    ("CHAMPIGNY", "commune:94017", "T3", False, 22, ""),
    ("CAF94", "", "T2", False, 14, "Familles monoparentales"),
    ("LIGNES-SE", "", "T2", False, 8, "Conducteurs en prise de service matinale"),
    ("FONTENAY", "commune:94033", "T4", False, 9, ""),
)
"""Réservataire, territoire (vide : tout le département), typologie, accessible, ménages, précision."""


def ecrire_besoins(reservataires: dict[str, Reservataire], aujourd_hui: date) -> None:
    """Les besoins exprimés, valables jusqu'à la fin de l'année qui vient."""
    Besoin.objects.bulk_create(
        Besoin(
            reservataire=reservataires[code],
            territoire_id=territoire or None,
            typologie=typologie,
            pmr=accessible,
            nb_menages=menages,
            precision=precision,
            valable_jusqu_au=date(aujourd_hui.year + 1, 12, 31),
        )
        for code, territoire, typologie, accessible, menages, precision in BESOINS
    )
