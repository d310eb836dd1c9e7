"""Le cycle de vie d'un envoi (RG-66) : ce qui peut suivre quoi, et combien de temps attendre entre deux essais."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from flux_reservations.commun.erreurs import Conflit


class Etat(StrEnum):
    """Où en est un envoi ; les mêmes codes qu'en base.

    `en_cours` : un processus l'a pris. `incertain` : ce processus est mort, ou la liaison s'est rompue, entre l'acceptation possible
    par le serveur et son enregistrement. `repris` : renvoyé après une incertitude, sous le même Message-ID.
    """

    PREVU = "prevu"
    EN_COURS = "en_cours"
    ENVOYE = "envoye"
    INCERTAIN = "incertain"
    ECHEC = "echec"
    REPRIS = "repris"
    RECU = "recu"


TRANSITIONS: dict[Etat, frozenset[Etat]] = {
    Etat.PREVU: frozenset({Etat.EN_COURS, Etat.ENVOYE, Etat.RECU}),
    Etat.EN_COURS: frozenset({Etat.ENVOYE, Etat.REPRIS, Etat.INCERTAIN, Etat.ECHEC, Etat.RECU}),
    Etat.INCERTAIN: frozenset({Etat.EN_COURS, Etat.ENVOYE, Etat.RECU}),
    Etat.ECHEC: frozenset({Etat.EN_COURS, Etat.PREVU, Etat.ENVOYE, Etat.RECU}),
    Etat.ENVOYE: frozenset({Etat.RECU, Etat.ECHEC}),
    Etat.REPRIS: frozenset({Etat.RECU, Etat.ECHEC}),
    Etat.RECU: frozenset(),
}
"""Ce qui peut suivre chaque état. Une remise en main propre saisie vaut `envoye` ; un accusé clôt tout ; un rebond rend `echec`."""

RECULS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720, 1440))
"""Attente avant chaque nouvel essai ; au-delà, l'échec est définitif et une personne décide."""


def verifier_transition(depuis: str, vers: str) -> None:
    """Lève `Conflit` si l'envoi a changé d'état entre-temps."""
    if Etat(vers) not in TRANSITIONS[Etat(depuis)]:
        raise Conflit(f"Cet envoi est « {depuis} » : il ne peut devenir « {vers} ». Relisez la page.", regle="RG-66")


def recul(tentatives: int) -> timedelta | None:
    """Attente après la `tentatives`-ième tentative ratée (1 = la première) ; None s'il ne faut plus réessayer."""
    return RECULS[tentatives - 1] if tentatives <= len(RECULS) else None
