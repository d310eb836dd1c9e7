"""Les congés : quels logements se libèrent, quand, et ce que chaque libération est pour le flux (RG-30, RG-31, RG-40)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from attributions.domaine.codes import Exclusion, Retrait
from flux_reservations.commun.calendrier import ajouter_mois
from flux_reservations.embarque.donnees_demo.hasard import Hasard, Urne
from flux_reservations.embarque.donnees_demo.patrimoine import LogementDemo

ROTATION_SUR_DIX_MILLE: Final = 820
SAISONS: Final = (82, 84, 92, 97, 104, 118, 126, 108, 116, 101, 90, 82)
"""Congés de chaque mois, en centièmes de la moyenne : on déménage l'été."""
DELAI_ENTRE_CONGES: Final = timedelta(days=420)

EXCLUSIONS: Final = (
    (Exclusion.MUTATION, 125),
    (Exclusion.ANRU, 52),
    (Exclusion.ORCOD, 12),
    (Exclusion.INSALUBRITE, 11),
    (Exclusion.VENTE, 22),
)
"""Combien de libérations sur mille sont exclues du flux, par motif."""
MOTIFS_D_EXCLUSION: Final = {
    Exclusion.MUTATION: (
        "Mutation d'un ménage en suroccupation",
        "Mutation d'un ménage en sous-occupation",
        "Mutation pour un logement accessible",
    ),
    Exclusion.ANRU: ("Relogement du projet du Bois-l'Abbé", "Relogement avant démolition, deuxième tranche"),
    Exclusion.ORCOD: ("Relogement d'une copropriété dégradée de Villeneuve-Saint-Georges",),
    Exclusion.INSALUBRITE: ("Relogement après un arrêté de traitement de l'insalubrité",),
    Exclusion.VENTE: ("Relogement du locataire d'un logement mis en vente",),
}
MOTIFS_DE_RETRAIT: Final = {
    Retrait.CONGE_ANNULE: "Le locataire a repris son congé",
    Retrait.GEL: "Logement gelé pour la réhabilitation de la cage d'escalier",
    Retrait.VENTE: "Logement vendu à sa libération",
}


@dataclass(slots=True)
class Conge:
    """Une libération à raconter : son logement, ses dates, ce qu'elle est."""

    logement: LogementDemo
    le: date
    disponibilite: date
    exclusion: str = ""
    motif_exclusion: str = ""
    retrait: str = ""
    motif_retrait: str = ""
    numero: str = ""


def engendrer_conges(hasard: Hasard, logements: list[LogementDemo], debut: date, aujourd_hui: date) -> list[Conge]:
    """Les congés reçus de `debut` à la date du jour, dans l'ordre, numérotés par année."""
    habites = [
        (logement, logement.poids)
        for logement in logements
        if logement.programme.hors_champ != "foyer" and not logement.programme.est_neuf
    ]
    urne = Urne(hasard, habites)
    conges: list[Conge] = []
    mois = debut.replace(day=1)
    while mois <= aujourd_hui:
        attendus = len(habites) * ROTATION_SUR_DIX_MILLE * SAISONS[mois.month - 1]
        nombre = attendus // 12_000_000 + hasard.est_vrai(attendus % 12_000_000 // 12_000)
        jours = sorted(mois.replace(day=hasard.entier(1, monthrange(mois.year, mois.month)[1])) for _ in range(nombre))
        conges += [_donner_conge(hasard, urne, jour) for jour in jours if debut <= jour <= aujourd_hui]
        mois = ajouter_mois(mois, 1)
    return list(_numeroter(conges))


def _numeroter(conges: list[Conge]) -> Iterator[Conge]:
    rangs: dict[int, int] = {}
    for conge in conges:
        annee = conge.le.year
        rangs[annee] = rangs.get(annee, 0) + 1
        conge.numero = f"L{annee}-{rangs[annee]:04d}"
        yield conge


def _donner_conge(hasard: Hasard, urne: Urne[LogementDemo], le: date) -> Conge:
    logement = urne.tirer()
    while logement.occupe_depuis + DELAI_ENTRE_CONGES > le or logement.situation(le)[1] in {"gele", "fonction"}:
        logement = urne.tirer()
    logement.occupe_depuis = le
    conge = Conge(logement, le, le + timedelta(days=_preavis(hasard)))
    if logement.stock_de or logement.situation(le)[1]:
        return conge
    tirage = hasard.entier(0, 999)
    for exclusion, sur_mille in EXCLUSIONS:
        tirage -= sur_mille
        if tirage < 0:
            conge.exclusion, conge.motif_exclusion = exclusion, hasard.choisir(MOTIFS_D_EXCLUSION[exclusion])
            return conge
    if hasard.est_vrai(24):
        conge.retrait = hasard.peser(((Retrait.CONGE_ANNULE, 5), (Retrait.GEL, 2), (Retrait.VENTE, 2)))
        conge.motif_retrait = MOTIFS_DE_RETRAIT[Retrait(conge.retrait)]
    return conge


def _preavis(hasard: Hasard) -> int:
    """Jours du congé à la disponibilité : un mois de préavis le plus souvent, trois parfois, et la remise en état."""
    return hasard.peser(((31, 7), (91, 2), (61, 1))) + hasard.vers(0, 24, 4)
