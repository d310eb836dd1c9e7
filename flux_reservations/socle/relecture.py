"""Relire avant un acte irréversible : l'empreinte de ce qu'on a lu, comparée sous verrou à ce que l'acte va figer (RG-16, RG-63)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from flux_reservations.commun.erreurs import Conflit


def empreinte_des_donnees(donnees: Any) -> str:
    """SHA-256 de valeurs de modèles : dates et décimaux compris, que le JSON canonique de `commun.empreinte` ne sait pas écrire."""
    return hashlib.sha256(json.dumps(donnees, sort_keys=True, cls=DjangoJSONEncoder).encode()).hexdigest()


class LectureDepassee(Conflit):
    """Ce qu'on a lu a changé : le relire est le seul remède, refaire le même acte serait refusé de même."""


def exiger_la_version_lue(lue: str | None, actuelle: str, *, regle: str = "") -> None:
    """Lève `LectureDepassee` (un `Conflit`) si ce qu'on a lu a changé ; à appeler sous verrou, avant d'écrire.

    `None` : personne n'a rien lu (démonstration, reprise) ; vide : quelqu'un agit sans dire ce qu'il a lu, c'est refusé.
    """
    if lue is not None and lue != actuelle:
        raise LectureDepassee(
            "Ce document a changé depuis que vous l'avez lu : rien n'est enregistré. Relisez-le, puis recommencez.",
            regle=regle,
        )
