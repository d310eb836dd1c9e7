"""Instances de synthèse : 40 communes, 21 comptes, 300 à 3 000 libérations, cinq ordres d'arrivée ; graines séparées."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum

from attributions.domaine.faits_moteur import AGENTS, PRIORITAIRES, FaitsMoteur, Ligne, LogementLibere, Partie, Plafond

ANNEE = 2025
GRAINES_DE_REGLAGE = range(1, 21)
"""Pour régler la méthode ; jamais pour l'annoncer."""
GRAINES_DE_MESURE = range(1_001, 1_021)
"""Pour mesurer ; jamais vues au réglage."""
ROTATION = 800
NOMBRE_DE_COMMUNES = 40


class Ordre(StrEnum):
    """Ordre d'arrivée des libérations."""

    ALEATOIRE = "aleatoire"
    BLOCS = "blocs"
    COMMUNE = "commune"
    QPV_EN_DERNIER = "qpv_en_dernier"
    TOURNIQUET = "tourniquet"


def engendrer(graine: int, *, nombre: int = 1_000, ordre: Ordre = Ordre.BLOCS) -> FaitsMoteur:
    """Une année de synthèse ; la même graine redonne la même année."""
    hasard = random.Random(f"{graine}-{nombre}-{ordre}")  # noqa: S311 : un tirage d'essai, pas un secret
    communes = [f"99{rang:03d}" for rang in range(1, NOMBRE_DE_COMMUNES + 1)]
    poids = {commune: hasard.paretovariate(1.3) for commune in communes}
    part_qpv = {commune: hasard.choice((0.0, 0.0, 0.2, 0.4, 0.7)) for commune in communes}
    parc = _engendrer_le_parc(hasard, communes, poids, part_qpv, nombre * 10_000 // ROTATION)
    cellules = list(parc)
    tirees = hasard.choices(cellules, weights=[parc[cellule] for cellule in cellules], k=nombre)
    liberations = _dater(_ranger(hasard, tirees, ordre))
    return FaitsMoteur(
        ANNEE,
        _engendrer_les_comptes(hasard, communes, poids),
        liberations,
        parc=parc,
        rotation=ROTATION,
        plafonds=(Plafond(date(2020, 1, 1), 3_000, 500),),
        communes=frozenset(communes),
    )


def _engendrer_le_parc(
    hasard: random.Random, communes: list[str], poids: dict[str, float], part_qpv: dict[str, float], taille: int
) -> dict[tuple[str, bool, str, str], int]:
    parc: dict[tuple[str, bool, str, str], int] = {}
    for commune in hasard.choices(communes, weights=[poids[commune] for commune in communes], k=taille):
        qpv = hasard.random() < part_qpv[commune]
        typologie = hasard.choices(("T1", "T2", "T3", "T4", "T5", "T6"), weights=(8, 24, 36, 23, 8, 1))[0]
        financement = hasard.choices(("PLAI", "PLUS", "PLS", "HLMO", "ILM"), weights=(12, 45, 8, 30, 5))[0]
        cle = (commune, qpv, typologie, financement)
        parc[cle] = parc.get(cle, 0) + 1
    return parc


Cellule = tuple[str, bool, str, str]


def _ranger(hasard: random.Random, tirees: list[Cellule], ordre: Ordre) -> list[Cellule]:
    hasard.shuffle(tirees)
    if ordre is Ordre.BLOCS:
        saison = {cellule: hasard.random() for cellule in sorted({(tiree[0], tiree[2]) for tiree in tirees})}
        return sorted(tirees, key=lambda tiree: saison[tiree[0], tiree[2]])
    if ordre is Ordre.COMMUNE:
        return sorted(tirees, key=lambda tiree: tiree[0])
    if ordre is Ordre.QPV_EN_DERNIER:
        return sorted(tirees, key=lambda tiree: tiree[1])
    if ordre is Ordre.TOURNIQUET:
        vus: dict[str, int] = {}
        rangs = []
        for tiree in tirees:
            vus[tiree[0]] = vus.get(tiree[0], 0) + 1
            rangs.append((vus[tiree[0]], tiree[0]))
        return [tiree for _, tiree in sorted(zip(rangs, tirees, strict=True), key=lambda paire: paire[0])]
    return tirees


def _dater(tirees: list[Cellule]) -> tuple[LogementLibere, ...]:
    premier = date(ANNEE, 1, 1)
    return tuple(
        LogementLibere(f"L{rang:05d}", premier + timedelta(days=rang * 364 // len(tirees)), *cellule, annee=ANNEE)
        for rang, cellule in enumerate(tirees)
    )


def _engendrer_les_comptes(hasard: random.Random, communes: list[str], poids: dict[str, float]) -> tuple[Partie, ...]:
    departement = frozenset(communes)
    partout = [("AL", 1_500), ("DEPT", 300), ("REGION", 200), ("CAF", 200), ("EMPLOYEUR", 150)]
    parties = [
        Partie(
            "ETAT99",
            "État",
            (
                Ligne(2_500, departement, departement, sous_contingent=PRIORITAIRES),
                Ligne(500, departement, departement, sous_contingent=AGENTS),
            ),
            est_etat=True,
        ),
        *(Partie(code, code, (Ligne(taux, departement, departement),)) for code, taux in partout),
    ]
    for rang, debut in enumerate((0, 13, 26), start=1):
        zone = frozenset(communes[debut : debut + 13])
        parties.append(Partie(f"EPT{rang}", f"EPT {rang}", (Ligne(hasard.choice((300, 500)), zone, zone),)))
    grandes = sorted(communes, key=lambda commune: -poids[commune])
    for rang, commune in enumerate(sorted([*grandes[:6], *grandes[10:20:2][:4]]), start=1):
        zone = frozenset({commune})
        parties.append(
            Partie(f"COM{rang:02d}", f"Commune {rang}", (Ligne(hasard.choice((800, 1_000, 1_500)), zone, zone),))
        )
    exercice = frozenset(grandes[:3])
    parties.append(Partie("HOPITAL", "Hôpital", (Ligne(200, departement, exercice),)))
    return tuple(parties)


def sans_zone(faits: FaitsMoteur) -> FaitsMoteur:
    """La même année, sans la convention de zone."""
    return replace(faits, parties=tuple(partie for partie in faits.parties if partie.code != "HOPITAL"))
