"""La concertation d'un programme neuf : ses états, et ce qu'est une répartition juste (RG-22)."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Final

from conventions.domaine.codes import EtatConcertation
from flux_reservations.commun.arrondis import accorder
from flux_reservations.commun.erreurs import ErreurMetier

TRANSITIONS: Final[Mapping[EtatConcertation, frozenset[EtatConcertation]]] = {
    EtatConcertation.OUVERTE: frozenset({EtatConcertation.ARRETEE}),
    EtatConcertation.ARRETEE: frozenset({EtatConcertation.DANS_LE_FLUX}),
    EtatConcertation.DANS_LE_FLUX: frozenset(),
}


def verifier_transition(actuel: str, voulu: EtatConcertation) -> None:
    """Lève `ErreurMetier` si l'on ne passe pas de l'état actuel à l'état voulu."""
    etat = EtatConcertation(actuel)
    if voulu not in TRANSITIONS[etat]:
        raise ErreurMetier(
            "transition_interdite",
            f"Une concertation « {etat.libelle.lower()} » ne devient pas « {voulu.libelle.lower()} ».",
            regle="RG-22",
        )


def verifier_repartition(comptes: Set[int], parts: Mapping[int, int], logements: int) -> None:
    """Lève `ErreurMetier` si la répartition ne donne pas une part à chaque compte, ou ne fait pas le compte du programme."""
    if set(parts) != set(comptes) or any(part < 0 for part in parts.values()):
        raise ErreurMetier("repartition_incomplete", "Donnez une part à chaque compte, zéro compris.", regle="RG-22")
    somme = sum(parts.values())
    if somme != logements:
        raise ErreurMetier(
            "repartition_fausse",
            f"La répartition fait {accorder(somme, 'logement')} pour un programme de {logements} : ajustez les parts.",
            regle="RG-22",
        )
