"""Ce qu'on peut prévoir d'une année : faisabilité, « et si », gain d'attendre, dérogations à rembourser (moteur.md § 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from attributions.chargement.comptes import Comptes
from attributions.chargement.moteur import charger_annee_du_moteur
from attributions.domaine.codes import COMPTE_BAILLEUR
from attributions.domaine.faisabilite import (
    Faisabilite,
    attendre_par_commune,
    prevoir_les_droits,
    verifier_la_faisabilite,
)
from attributions.domaine.faits_moteur import U
from attributions.domaine.rejeu import partie_de, rejouer_les_decisions
from attributions.domaine.variantes import (
    GainAttendu,
    ResultatVariante,
    Variante,
    comparer,
    derogations_cumulees,
    gagner_a_attendre,
    peut_rembourser,
)
from attributions.models import Orientation
from conventions.domaine.codes import SousContingent


@dataclass(frozen=True, slots=True)
class Prevision:
    """Le verdict de faisabilité du jour, et ses goulets en français."""

    le: date
    faisabilite: Faisabilite
    phrases: tuple[str, ...]


def prevoir_la_faisabilite(comptes: Comptes, le: date) -> Prevision:
    """Tous les droits de l'année peuvent-ils encore être servis ? Retards du jour, plus ce qui courra, face aux logements attendus.

    Les logements libérés qui n'ont pas encore de compte s'ajoutent à ceux qu'on attend.
    """
    chargee = charger_annee_du_moteur(comptes.bailleur, comptes.departement, comptes.annee)
    faits = chargee.faits
    moteur = rejouer_les_decisions(faits, le)
    attendus = attendre_par_commune(faits, le)
    for libere in faits.liberations:
        if libere.decision is None:
            attendus[libere.commune] = attendus.get(libere.commune, 0) + 1
    retards = dict(zip(moteur.terrain.codes, moteur.retards, strict=True))
    droits = prevoir_les_droits(faits, attendus, le, retards)
    faisabilite = verifier_la_faisabilite(droits, {commune: nombre * U for commune, nombre in attendus.items()})
    return Prevision(le, faisabilite, tuple(goulet.phrase(faits.noms) for goulet in faisabilite.goulets))


def rejouer_autrement(comptes: Comptes, variantes: Iterable[Variante]) -> tuple[ResultatVariante, ...]:
    """« Et si » : rejoue l'année sous chaque hypothèse, et compare."""
    return comparer(charger_annee_du_moteur(comptes.bailleur, comptes.departement, comptes.annee).faits, variantes)


def mesurer_le_gain_d_attendre(comptes: Comptes) -> tuple[GainAttendu, ...]:
    """Ce qu'un lot plus long aurait rapporté sur cette année, et la vacance qu'il aurait coûtée."""
    return gagner_a_attendre(charger_annee_du_moteur(comptes.bailleur, comptes.departement, comptes.annee).faits)


@dataclass(frozen=True, slots=True)
class Derogation:
    """Ce que les choix de l'agent ont donné de plus (ou de moins) à un compte, en logements ; s'il pourra le rembourser."""

    compte: str
    solde: Fraction
    peut_rembourser: bool


def cumuler_les_derogations(comptes: Comptes, le: date) -> tuple[Derogation, ...]:
    """Le cumul de l'année, compte par compte : une petite commune mise en avance ne peut pas rembourser, il faut le dire."""
    chargee = charger_annee_du_moteur(comptes.bailleur, comptes.departement, comptes.annee)
    decidees = (
        Orientation.objects.filter(
            liberation_id__in=list(chargee.liberations.values()),
            decidee_le__isnull=False,
            issue__in=["en_cours", "bail", "carence"],
        )
        .exclude(compte_propose="")
        .values_list("compte_propose", "reservataire__code", "sous_contingent")
    )
    soldes = derogations_cumulees((partie_de(propose), _choisi(code, sous)) for propose, code, sous in decidees)
    parties = {partie.code: partie for partie in chargee.faits.parties}
    attendus = attendre_par_commune(chargee.faits, le)
    return tuple(
        Derogation(
            compte,
            Fraction(solde, U),
            solde < 0
            or compte == COMPTE_BAILLEUR
            or compte not in parties
            or peut_rembourser(parties[compte], attendus, solde, le),
        )
        for compte, solde in soldes.items()
    )


def _choisi(code: str | None, sous_contingent: str) -> str:
    if code is None:
        return COMPTE_BAILLEUR
    return f"{code}/{sous_contingent}" if sous_contingent == SousContingent.REPLI else code
