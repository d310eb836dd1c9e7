"""L'avancement d'un import ou d'un export, visible pendant sa transaction : il s'écrit par une autre connexion, et vaut signe de vie."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
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
            ecrire_a_part(
                "UPDATE echanges_importdepose SET lignes_lues = %s, change_le = %s WHERE id = %s",
                [lues, timezone.now(), import_id],
            )

    return avancer


def ecrire_a_part(sql: str, valeurs: Sequence[int | datetime]) -> None:
    """Écrit par une connexion à part : celle du travail garde sa transaction fermée jusqu'au bout."""
    autre = connection.copy()
    try:
        with autre.cursor() as curseur:
            curseur.execute(sql, valeurs)
    except DatabaseError:
        # L'avancement n'est qu'un confort : sans connexion de plus, le travail continue.
        return
    finally:
        autre.close()
