"""Le cycle de vie d'un bilan : brouillon, production, aperçu, publication ; publié, il ne change plus (RG-63)."""

from __future__ import annotations

from enum import StrEnum

from flux_reservations.commun.erreurs import Conflit


class Etat(StrEnum):
    """Où en est un bilan ; les mêmes codes qu'en base."""

    BROUILLON = "brouillon"
    EN_PRODUCTION = "en_production"
    PRET = "pret"
    ECHEC = "echec"
    PUBLIE = "publie"


TRANSITIONS: dict[Etat, frozenset[Etat]] = {
    Etat.BROUILLON: frozenset({Etat.EN_PRODUCTION}),
    Etat.EN_PRODUCTION: frozenset({Etat.PRET, Etat.ECHEC}),
    Etat.PRET: frozenset({Etat.EN_PRODUCTION, Etat.PUBLIE}),
    Etat.ECHEC: frozenset({Etat.EN_PRODUCTION}),
    Etat.PUBLIE: frozenset(),
}
"""Ce qui peut suivre chaque état. Prêt, il se refait tant qu'il n'est pas publié."""


def verifier_transition(depuis: str, vers: str) -> None:
    """Lève `Conflit` si le bilan a changé d'état entre-temps, ou s'il est publié."""
    if Etat(vers) not in TRANSITIONS[Etat(depuis)]:
        if depuis == Etat.PUBLIE:
            raise Conflit("Un bilan publié ne change plus : préparez une nouvelle version.", regle="RG-63")
        raise Conflit("Ce bilan a changé d'état : relisez la page, puis recommencez.", regle="RG-63")
