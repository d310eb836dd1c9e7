"""Ce que les réservataires disent chercher (RG-51), et ce que le bailleur a prévu pour l'année (RG-32)."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time
from typing import Final

from django.db.models import Count
from django.utils import timezone

from attributions.models import Besoin, Liberation
from bilans.models import Prevision
from conventions.models import Bailleur, Reservataire
from flux_reservations.embarque.donnees_demo.hasard import Hasard

BESOINS: Final = (
    ("ETAT94", "", "T4", False, 41, "Familles reconnues DALO, revenus très modestes"),
    ("ETAT94", "", "T1", False, 63, "Sorties d'hébergement"),
    ("ETAT94", "", "T3", True, 9, "Un occupant en fauteuil roulant"),
    ("AL", "", "T2", False, 38, "Jeunes salariés en mobilité"),
    ("AL", "", "T3", False, 52, ""),
    ("AL", "commune:94081", "T4", False, 11, "Salariés du pôle de Vitry"),
    ("CRETEIL", "commune:94028", "T4", True, 12, "Ménages avec un membre à mobilité réduite"),
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


def ecrire_previsions(bailleur: Bailleur, aujourd_hui: date, hasard: Hasard) -> int:
    """La prévision publiée de l'année : celle de l'an passé, à quelques logements près ; rend combien de communes."""
    annee = aujourd_hui.year
    lignes = (
        Liberation.objects.filter(bailleur=bailleur, date_bail__year=annee - 1, nature="relocation")
        .values_list("logement__commune_id", "exclusion")
        .annotate(nombre=Count("pk"))
        .order_by("logement__commune_id", "exclusion")
    )
    par_commune: dict[str, Counter[str]] = {}
    for commune, exclusion, nombre in lignes:
        par_commune.setdefault(commune, Counter())[exclusion] += nombre
    publiee_le = timezone.make_aware(datetime.combine(date(annee, 1, 29), time(15, 20)))
    previsions = [
        Prevision(
            bailleur=bailleur,
            departement_id="94",
            annee=annee,
            commune_id=commune,
            mises_en_location=max(1, sum(nombres.values()) * hasard.entier(94, 108) // 100),
            exclusions={exclusion: nombre for exclusion, nombre in nombres.items() if exclusion},
            publiee_le=publiee_le,
        )
        for commune, nombres in par_commune.items()
    ]
    Prevision.objects.bulk_create(previsions)
    return len(previsions)
