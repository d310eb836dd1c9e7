"""Le cycle de vie d'une version de convention : ce qui mène d'un état à un autre (RG-16)."""

from __future__ import annotations

from typing import Final

from conventions.domaine.codes import EtatConvention
from flux_reservations.commun.erreurs import ErreurMetier

TRANSITIONS: Final[dict[EtatConvention, frozenset[EtatConvention]]] = {
    EtatConvention.BROUILLON: frozenset({EtatConvention.PROPOSEE, EtatConvention.SIGNEE}),
    EtatConvention.PROPOSEE: frozenset({EtatConvention.BROUILLON, EtatConvention.SIGNEE}),
    EtatConvention.SIGNEE: frozenset(),
}
"""« En vigueur », « échue » et « remplacée » se déduisent des dates : ce ne sont pas des états."""


def verifier_transition(actuel: str, voulu: EtatConvention) -> None:
    """Lève `ErreurMetier` si l'on ne passe pas de l'état actuel à l'état voulu."""
    etat = EtatConvention(actuel)
    if voulu not in TRANSITIONS[etat]:
        raise ErreurMetier(
            "transition_interdite",
            f"Une convention « {etat.libelle.lower()} » ne devient pas « {voulu.libelle.lower()} »."
            + (" Faites un avenant." if etat is EtatConvention.SIGNEE else ""),
            regle="RG-16",
        )


def verifier_modifiable(etat: str) -> None:
    """Lève `ErreurMetier` si la version n'est plus un brouillon."""
    if etat == EtatConvention.BROUILLON:
        return
    remede = "faites un avenant" if etat == EtatConvention.SIGNEE else "reprenez-la en brouillon"
    raise ErreurMetier("convention_figee", f"Cette convention n'est plus un brouillon : {remede}.", regle="RG-16")
