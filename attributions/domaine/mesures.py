"""Mesurer une année orientée : en nombre et en qualité, à quelle distance de son dû chacun finit (moteur.md, tableau).

Toutes les mesures sont des entiers ou des fractions exactes ; on n'arrondit qu'à l'affichage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from attributions.domaine.faits_moteur import CompteDecide, FaitsMoteur, U
from attributions.domaine.moteur import Moteur
from attributions.domaine.rejeu import Choix, rejouer_les_decisions


@dataclass(frozen=True, slots=True)
class Mesures:
    """Ce qu'une année orientée donne, en logements (fractions exactes).

    `ecart_au_droit` : le plus grand |retard| d'un compte hors conventions de zone ; `ecart_de_zone` : celui des
    conventions de zone ; `etat_par_commune` : moyenne, sur les communes pondérées par leurs libérations, de l'écart
    de l'État à son taux ; `typologies`, `communes` : part des logements reçus qui n'est pas dans la bonne modalité,
    en % du flux ; `somme_des_ecarts` : Σ |reçu − idéal| par compte et par modalité ; `retards` : par compte, en U.
    """

    ecart_au_droit: Fraction
    ecart_de_zone: Fraction
    etat_par_commune: Fraction
    typologies: Fraction
    communes: Fraction
    somme_des_ecarts: Fraction
    retards: Mapping[str, int]
    recus: Mapping[str, int]


def decider_tout(faits: FaitsMoteur, partie_de: Mapping[str, str]) -> FaitsMoteur:
    """Les mêmes faits, chaque libération décidée : `partie_de` donne le compte de chaque numéro, une décision réelle l'emporte."""
    return replace(
        faits,
        liberations=tuple(
            libere
            if libere.decision or libere.numero not in partie_de
            else replace(libere, decision=CompteDecide(partie_de[libere.numero]))
            for libere in faits.liberations
        ),
    )


def mesurer(faits: FaitsMoteur, partie_de: Mapping[str, str]) -> Mesures:
    """Mesure l'année où chaque libération va au compte dit."""
    moteur = rejouer_les_decisions(decider_tout(faits, partie_de), date(faits.annee, 12, 31))
    return mesurer_l_etat(moteur)


def mesurer_les_choix(faits: FaitsMoteur, choix: Iterable[Choix]) -> Mesures:
    """Mesure le résultat d'un rejeu."""
    return mesurer(faits, {un.numero: un.partie for un in choix})


def mesurer_l_etat(moteur: Moteur) -> Mesures:
    """Mesure l'état d'un moteur, tel qu'il est."""
    terrain = moteur.terrain
    zones = set(terrain.zones)
    par_dimension = {"commune": 0, "qpv": 0, "typologie": 0, "financement": 0}
    for manque in moteur.manques:
        for (dimension, _), valeur in zip(terrain.modalites, manque, strict=True):
            par_dimension[dimension] += abs(valeur)
    hors_zone = [
        abs(retard)
        for indice, retard in enumerate(moteur.retards)
        if indice not in zones and indice != terrain.bailleur
    ]
    if not zones:
        hors_zone.append(abs(moteur.retards[terrain.bailleur]))
    flux = max(moteur.liberes, 1)
    return Mesures(
        ecart_au_droit=Fraction(max(hors_zone, default=0), U),
        ecart_de_zone=Fraction(max((abs(moteur.retards[indice]) for indice in zones), default=0), U),
        etat_par_commune=_etat_par_commune(moteur),
        typologies=Fraction(100 * par_dimension["typologie"], 2 * U * flux),
        communes=Fraction(100 * par_dimension["commune"], 2 * U * flux),
        somme_des_ecarts=Fraction(sum(par_dimension.values()), U),
        retards=dict(zip(terrain.codes, moteur.retards, strict=True)),
        recus=dict(zip(terrain.codes, moteur.recus, strict=True)),
    )


def _etat_par_commune(moteur: Moteur) -> Fraction:
    """Le plus grand écart de l'État à son dû dans une commune, en logements."""
    terrain = moteur.terrain
    cles = [cle for cle, (dimension, _) in enumerate(terrain.modalites) if dimension == "commune"]
    ecarts = [abs(moteur.manques[etat][cle]) for etat in terrain.etats for cle in cles]
    return Fraction(max(ecarts, default=0), U)
