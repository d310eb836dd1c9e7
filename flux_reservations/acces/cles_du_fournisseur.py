"""Les clés publiques du fournisseur d'identité, gardées quelques minutes : vérifier une signature ne l'appelle pas à chaque fois."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from django.core.cache import cache
from requests import RequestException

logger = logging.getLogger(__name__)

Cles = list[dict[str, Any]]
FRAICHES: Final = 300
"""Secondes pendant lesquelles les clés lues servent sans être relues."""
GARDEES: Final = 600
"""Secondes pendant lesquelles elles servent encore si le fournisseur ne répond plus, ou pendant qu'un autre fil les relit."""
RELECTURE: Final = 60
"""Secondes entre deux relectures que demande une clé inconnue (le fournisseur vient d'en changer, ou le jeton est faux)."""
SILENCE: Final = 15
"""Secondes pendant lesquelles un fournisseur qui n'a pas répondu n'est pas rappelé."""
_CLES, _FRAICHES, _RELUES, _MUET = (f"oidc:cles:{nom}" for nom in ("gardees", "fraiches", "relues", "muet"))


class FournisseurMuet(Exception):
    """Le fournisseur d'identité n'a pas rendu ses clés : à réessayer dans un instant."""


def lire_les_cles(telecharger: Callable[[], Cles], *, relire: bool = False) -> Cles:
    """Les clés du fournisseur ; `relire` : une clé manque à celles qu'on garde. Lève `FournisseurMuet` s'il n'en reste aucune.

    `telecharger` les demande au fournisseur ; `RequestException`, `ValueError`, `KeyError` ou `TypeError` : il ne les a pas rendues.
    """
    gardees: Cles | None = cache.get(_CLES)
    if gardees is not None:
        a_moi_de_lire = cache.add(_RELUES, 1, RELECTURE) if relire else cache.add(_FRAICHES, 1, FRAICHES)
        if not a_moi_de_lire:
            return gardees
    elif cache.get(_MUET):
        raise FournisseurMuet
    try:
        lues = telecharger()
    except (RequestException, ValueError, KeyError, TypeError) as erreur:
        logger.warning("clés du fournisseur d'identité illisibles : %s", erreur)
        if gardees is not None:
            return gardees
        cache.set(_MUET, 1, SILENCE)
        raise FournisseurMuet from erreur
    cache.set(_CLES, lues, GARDEES)
    cache.set(_FRAICHES, 1, FRAICHES)
    return lues
