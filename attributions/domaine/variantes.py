"""« Et si » : rejouer une année avec d'autres taux, un autre θ, un autre lot, une autre garde, et comparer (issue du moteur)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from attributions.domaine.faisabilite import acquis_attendu
from attributions.domaine.faits_moteur import FaitsMoteur, Ligne, LogementLibere, Partie, Reglages, U
from attributions.domaine.mesures import Mesures, mesurer_les_choix
from attributions.domaine.rejeu import Choix, simuler


@dataclass(frozen=True, slots=True)
class Variante:
    """Une hypothèse : ce qui change par rapport à l'année telle qu'elle est.

    `taux` : nouveau taux total (points de base) d'un compte, par code ; ses lignes changent au prorata.
    `avec_decisions` : garder les décisions réelles, ou tout rejouer librement.
    """

    nom: str
    reglages: Reglages = field(default_factory=Reglages)
    lot: int = 1
    taux: Mapping[str, int] = field(default_factory=dict)
    avec_decisions: bool = False


@dataclass(frozen=True, slots=True)
class ResultatVariante:
    """Ce qu'une variante donne : ses mesures, la vacance que le lot coûte, et les choix, libération par libération."""

    variante: Variante
    mesures: Mesures
    jours_d_attente: Fraction
    choix: tuple[Choix, ...]


def comparer(faits: FaitsMoteur, variantes: Iterable[Variante]) -> tuple[ResultatVariante, ...]:
    """Rejoue l'année pour chaque variante, dans l'ordre donné."""
    return tuple(essayer(faits, variante) for variante in variantes)


def essayer(faits: FaitsMoteur, variante: Variante) -> ResultatVariante:
    """Rejoue l'année sous une hypothèse ; ne touche à rien d'autre."""
    modifies = appliquer(faits, variante)
    choix = simuler(modifies, variante.reglages, lot=variante.lot)
    disponibles = {libere.numero: libere.entree for libere in modifies.liberations}
    attentes = [(un.le - disponibles[un.numero]).days for un in choix]
    moyenne = Fraction(sum(attentes), len(attentes)) if attentes else Fraction(0)
    return ResultatVariante(variante, mesurer_les_choix(modifies, choix), moyenne, choix)


def appliquer(faits: FaitsMoteur, variante: Variante) -> FaitsMoteur:
    """Les faits de l'année sous l'hypothèse."""
    liberations: Sequence[LogementLibere] = faits.liberations
    if not variante.avec_decisions:
        liberations = [replace(libere, decision=None, rendus=frozenset()) for libere in liberations]
    parties = tuple(
        replace(partie, lignes=_changer_le_taux(partie, variante.taux[partie.code]))
        if partie.code in variante.taux
        else partie
        for partie in faits.parties
    )
    return replace(faits, parties=parties, liberations=tuple(liberations))


def _changer_le_taux(partie: Partie, voulu: int) -> tuple[Ligne, ...]:
    """Les lignes du compte au prorata, de somme `voulu` dans chaque version (mêmes dates) ; le reste à la première ligne."""
    versions: dict[tuple[date, date | None], list[Ligne]] = {}
    for ligne in partie.lignes:
        versions.setdefault((ligne.debut, ligne.fin), []).append(ligne)
    nouvelles: list[Ligne] = []
    for lignes in versions.values():
        total = sum(ligne.taux for ligne in lignes)
        taux = [ligne.taux * voulu // total if total else 0 for ligne in lignes]
        taux[0] += voulu - sum(taux)
        nouvelles += [replace(ligne, taux=nouveau) for ligne, nouveau in zip(lignes, taux, strict=True)]
    return tuple(nouvelles)


@dataclass(frozen=True, slots=True)
class GainAttendu:
    """Ce qu'attendre un peu rapporte, et coûte : écarts évités (logements) et jours de vacance de plus par logement."""

    lot: int
    ecarts_evites: Fraction
    jours_de_vacance: Fraction


def gagner_a_attendre(faits: FaitsMoteur, lots: Sequence[int] = (5, 10, 20)) -> tuple[GainAttendu, ...]:
    """Rejoue l'année un par un puis avec chaque taille de lot : ce que l'attente aurait gagné, en moyenne, et sa vacance."""
    depart = essayer(faits, Variante("un par un"))
    resultats = []
    for lot in lots:
        essai = essayer(faits, Variante(f"lot de {lot}", lot=lot))
        resultats.append(
            GainAttendu(
                lot,
                depart.mesures.somme_des_ecarts - essai.mesures.somme_des_ecarts,
                essai.jours_d_attente - depart.jours_d_attente,
            )
        )
    return tuple(resultats)


def derogations_cumulees(choisis: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Solde des dérogations par compte, en U : `choisis` donne (proposé, choisi) de chaque décision.

    Un compte choisi à la place du proposé est avancé d'un logement, celui qu'on proposait en perd un.
    """
    cumul: dict[str, int] = {}
    for propose, choisi in choisis:
        if propose and propose != choisi:
            cumul[choisi] = cumul.get(choisi, 0) + U
            cumul[propose] = cumul.get(propose, 0) - U
    return {compte: solde for compte, solde in sorted(cumul.items()) if solde}


def peut_rembourser(partie: Partie, attendus: Mapping[str, int], avance: int, le: date) -> bool:
    """Vrai si un compte en avance (en U) retrouvera l'équilibre d'ici le 31 décembre : ce qu'il va acquérir la couvre.

    Une petite commune mise en avance ne peut pas rembourser : le dire avant de déroger. `attendus` : logements
    attendus par commune, du jour `le` au 31 décembre.
    """
    return acquis_attendu(partie, attendus, le) >= avance
