"""Rejouer une année : un par un ou en délai glissant, avec les décisions réelles à leur place (moteur.md § 3, formats.md § 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from attributions.domaine.codes import COMPTE_BAILLEUR, code_compte
from attributions.domaine.faits_moteur import FaitsMoteur, Reglages
from attributions.domaine.lot import Attente, Lot, jouer_la_decision
from attributions.domaine.moteur import Eligible, Moteur
from conventions.domaine.codes import SousContingent


@dataclass(frozen=True, slots=True)
class Choix:
    """Une libération orientée par le moteur, et pourquoi.

    `compte` : code du contrat, sous-contingent compris ; `partie` : le compte au sens du moteur ; `initial` : proposé
    à l'arrivée ; `le` : jour de la décision.
    """

    numero: str
    partie: str
    sous_contingent: str
    initial: str
    le: date
    eligibles: tuple[Eligible, ...]
    phrase: str = ""

    @property
    def compte(self) -> str:
        """Code public du compte."""
        return code_public(self.partie, self.sous_contingent)


def partie_de(compte: str) -> str:
    """La partie du moteur d'un code public : l'État n'en forme qu'une, le repli une autre."""
    code, _, sous_contingent = compte.partition("/")
    return compte if sous_contingent == SousContingent.REPLI else code


Expliquer = Callable[[Moteur, Attente], str]
"""Compose la phrase d'une proposition ; `phrases.expliquer`, ou rien pour aller vite."""


def code_public(partie: str, sous_contingent: str) -> str:
    """Le code du contrat d'une partie : `BAILLEUR`, `ETAT94/prioritaires`, `ETAT94/repli`, `AL`."""
    return COMPTE_BAILLEUR if partie == COMPTE_BAILLEUR else code_compte(partie, sous_contingent)


class Rejeu:
    """Une année rejouée libération après libération, chacune à sa date ; `resultat()` la mène au bout."""

    def __init__(
        self, faits: FaitsMoteur, reglages: Reglages | None = None, *, lot: int = 1, expliquer: Expliquer | None = None
    ) -> None:
        """`lot` : on décide la plus ancienne dès que le lot atteint ce nombre ; 1 décide un par un."""
        self.faits = faits
        self.moteur = Moteur(faits, reglages)
        self.lot = Lot(self.moteur)
        self.taille = lot
        self._expliquer = expliquer
        self.choix: list[Choix] = []

    def jouer(self) -> tuple[Choix, ...]:
        """Rejoue toute l'année ; rend les choix dans l'ordre (disponibilité, numéro)."""
        for libere in self.faits.ordonnees():
            self.moteur.se_placer(libere.entree)
            if libere.decision is not None:
                self.lot.rejouer(libere)
                continue
            self.lot.arriver(libere)
            while len(self.lot.attentes) > self.taille - 1:
                self._decider_la_plus_ancienne()
        while self.lot.attentes:
            self._decider_la_plus_ancienne()
        return tuple(self.choix)

    def _decider_la_plus_ancienne(self) -> None:
        attente = self.lot.attentes[0]
        phrase = self._expliquer(self.moteur, attente) if self._expliquer else ""
        sous_contingent = self.lot.decider(attente)
        codes = self.moteur.terrain.codes
        self.choix.append(
            Choix(
                attente.numero,
                codes[attente.compte],
                sous_contingent,
                codes[attente.initial],
                self.moteur.jour,
                attente.eligibles,
                phrase,
            )
        )


def simuler(
    faits: FaitsMoteur, reglages: Reglages | None = None, *, lot: int = 1, expliquer: Expliquer | None = None
) -> tuple[Choix, ...]:
    """`orienter --simuler --lot N` : chaque libération décidée à sa date, en délai glissant de `lot`."""
    return Rejeu(faits, reglages, lot=lot, expliquer=expliquer).jouer()


def rejouer_les_decisions(faits: FaitsMoteur, le: date, reglages: Reglages | None = None) -> Moteur:
    """L'état des comptes : toutes les libérations décidées, à leur place, à la date du jour ; les autres n'y sont pas."""
    moteur = Moteur(faits, reglages)
    for libere in faits.ordonnees():
        if libere.decision is not None:
            jouer_la_decision(moteur, libere)
    moteur.se_placer(le)
    return moteur
