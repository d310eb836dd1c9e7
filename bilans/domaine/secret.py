"""Le secret des petits effectifs de ménages, et le masquage qui empêche de les retrouver par soustraction (RG-64)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import networkx

from flux_reservations.droit.delais import SEUIL_DU_SECRET

TOTAL = "Total"
"""Nom de la ligne et de la colonne de total d'un tableau masqué."""

Case = tuple[str, str]
"""(ligne, colonne)."""


def avec_totaux(effectifs: Mapping[Case, int]) -> dict[Case, int]:
    """Le tableau complété de ses totaux par ligne, par colonne, et du total général."""
    complet: dict[Case, int] = dict(effectifs)
    for (ligne, colonne), nombre in effectifs.items():
        for case in ((ligne, TOTAL), (TOTAL, colonne), (TOTAL, TOTAL)):
            complet[case] = complet.get(case, 0) + nombre
    return complet


def masquer(effectifs: Mapping[Case, int], le: date) -> dict[Case, int | None]:
    """Le tableau croisé et ses totaux, prêts à être envoyés à tous : None = masqué (RG-64).

    Masquage primaire : tout effectif de ménages de 1 à 4 (un zéro ne désigne personne). Masquage secondaire : on masque encore
    tant qu'une case masquée se déduit par soustraction, seule ou en cascade, ou que les cases masquées d'une ligne ou d'une
    colonne totalisent moins que le seuil.
    """
    seuil = SEUIL_DU_SECRET.valeur(le)
    complet = avec_totaux(effectifs)
    masquees = {case for case, nombre in complet.items() if 0 < nombre < seuil}
    while (de_plus := _case_a_masquer(complet, masquees, seuil)) is not None:
        masquees.add(de_plus)
    return {case: None if case in masquees else nombre for case, nombre in sorted(complet.items())}


def _case_a_masquer(complet: Mapping[Case, int], masquees: set[Case], seuil: int) -> Case | None:
    """La plus petite case visible dont le masquage protège une case encore déductible ; None si tout tient."""
    fragiles = _cases_deductibles(masquees) | _cases_trop_legeres(complet, masquees, seuil)
    lignes = {ligne for ligne, _ in fragiles}
    colonnes = {colonne for _, colonne in fragiles}
    candidates = [
        case
        for case, nombre in complet.items()
        if case not in masquees and nombre and (case[0] in lignes or case[1] in colonnes)
    ] or [case for case in complet if case not in masquees and fragiles and (case[0] in lignes or case[1] in colonnes)]
    # Un total n'est masqué qu'en dernier : c'est lui qu'on lit d'abord.
    return min(candidates, key=lambda case: (TOTAL in case, complet[case], case), default=None)


def _cases_deductibles(masquees: set[Case]) -> set[Case]:
    """Cases dont la valeur se retrouve par soustractions successives : les ponts du graphe ligne–colonne des cases masquées.

    Chaque ligne (et chaque colonne), total compris, donne une équation ; une case masquée est déterminée si et seulement si
    aucun cycle ne passe par elle.
    """
    graphe: networkx.Graph[tuple[str, str]] = networkx.Graph()
    graphe.add_edges_from((("ligne", ligne), ("colonne", colonne)) for ligne, colonne in masquees)
    deductibles = set()
    for un, autre in networkx.bridges(graphe):
        ligne, colonne = (un[1], autre[1]) if un[0] == "ligne" else (autre[1], un[1])
        deductibles.add((ligne, colonne))
    return deductibles


def _cases_trop_legeres(complet: Mapping[Case, int], masquees: set[Case], seuil: int) -> set[Case]:
    """Cases d'une ligne ou d'une colonne dont les masquées, hors total, totalisent moins que le seuil."""
    trop_legeres = set()
    for axe in (0, 1):
        groupes: dict[str, list[Case]] = {}
        for case in masquees:
            if TOTAL not in case[1 - axe : 2 - axe]:
                groupes.setdefault(case[axe], []).append(case)
        for nom, cases in groupes.items():
            total = (nom, TOTAL) if axe == 0 else (TOTAL, nom)
            if total not in masquees and sum(complet[case] for case in cases) < seuil:
                trop_legeres.update(cases)
    return trop_legeres
