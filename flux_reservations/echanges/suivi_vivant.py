"""L'avancement d'un import, visible pendant sa transaction : il s'écrit par une autre connexion, et vaut signe de vie."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.db import DatabaseError, connection
from django.utils import timezone

TOUTES_LES: Final = 2.0
"""Secondes entre deux signes de vie."""
_BLOC: Final = 1 << 20


def compter_les_lignes(chemin: Path) -> int:
    """Nombre de lignes d'un CSV, en-tête ôté ; zéro pour un classeur, qui ne le dit pas sans être lu."""
    if chemin.suffix.lower() != ".csv":
        return 0
    with chemin.open("rb") as flux:
        lignes = sum(bloc.count(b"\n") for bloc in iter(lambda: flux.read(_BLOC), b""))
    return max(0, lignes - 1)


def marquer_l_avancement(import_id: int) -> Callable[[int], None]:
    """Une fonction à appeler avec le nombre de lignes lues de plus."""
    lues, prochain = 0, time.monotonic() + TOUTES_LES

    def avancer(nombre: int) -> None:
        nonlocal lues, prochain
        lues += nombre
        if time.monotonic() >= prochain:
            prochain = time.monotonic() + TOUTES_LES
            _ecrire(import_id, lues)

    return avancer


def _ecrire(import_id: int, lues: int) -> None:
    """Par une connexion à part : celle de l'import garde sa transaction fermée jusqu'au bout."""
    autre = connection.copy()
    try:
        with autre.cursor() as curseur:
            curseur.execute(
                "UPDATE echanges_importdepose SET lignes_lues = %s, change_le = %s WHERE id = %s",
                [lues, timezone.now(), import_id],
            )
    except DatabaseError:
        # L'avancement n'est qu'un confort : sans connexion de plus, l'import continue.
        return
    finally:
        autre.close()
