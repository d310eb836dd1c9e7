"""Mesurer un travail : sa durée, ce qu'il coûte au processeur d'ici et à PostgreSQL, sa mémoire la plus haute, son journal.

Sur une machine partagée, les secondes de processeur restent comparables quand la durée ne l'est plus.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

_MEMOIRE, _REMETTRE = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True)
class Mesure:
    """Ce qu'un travail a coûté : secondes, mégaoctets."""

    duree: float
    ici: float
    serveur: float
    memoire: int
    journal: float

    def rapporter(self, nom: str, lignes: int) -> Mesure:
        """Écrit la mesure ; rend la mesure."""
        ecrire(
            f"{nom:<42} {self.duree:6.2f} s {lignes / self.duree:8.0f} lignes/s   processeur {self.ici:5.2f} s + "
            f"{self.serveur:5.2f} s (PostgreSQL)   {self.memoire:4d} Mo au plus   journal {self.journal:5.1f} Mo   "
            f"charge {charge()}"
        )
        return self


def ecrire(ligne: str) -> None:
    """Une ligne du compte rendu, tout de suite."""
    sys.stdout.write(f"{ligne}\n")
    sys.stdout.flush()


def charge() -> str:
    """Charge de la machine sur la dernière minute."""
    return f"{os.getloadavg()[0]:.1f}"


def mesurer(travail: Callable[[], Any]) -> Mesure:
    """Mesure un travail, validation de sa transaction comprise."""
    _REMETTRE.write_text("5")
    journal, serveur, ici, debut = _journal(), _processeur_du_serveur(), time.process_time(), time.perf_counter()
    travail()
    duree, ici = time.perf_counter() - debut, time.process_time() - ici
    return Mesure(duree, ici, _processeur_du_serveur() - serveur, _memoire(), (_journal() - journal) / 1e6)


def comparer(nom: str, reference: Sequence[Mesure], mesures: Sequence[Mesure], repere: float | None = None) -> None:
    """Le débit rapporté à celui de la référence, tour par tour : le meilleur et la médiane."""
    parts = [une.duree / autre.duree for une, autre in zip(reference, mesures, strict=True)]
    sans_attente = [
        (une.ici + une.serveur) / (autre.ici + autre.serveur) for une, autre in zip(reference, mesures, strict=True)
    ]
    attendu = f" (repère : {repere:.0%})" if repere is not None else ""
    ecrire(
        f"débit, {nom} ÷ référence : médiane {median(parts):.0%}, meilleur {max(parts):.0%}, en secondes de processeur "
        f"{median(sans_attente):.0%}{attendu}"
    )


def _memoire() -> int:
    """Mémoire résidente la plus haute depuis la remise à zéro, en Mo."""
    ligne = next(ligne for ligne in _MEMOIRE.read_text().splitlines() if ligne.startswith("VmHWM"))
    return int(ligne.split()[1]) // 1024


def _processeur_du_serveur() -> float:
    """Secondes de processeur du processus PostgreSQL de notre connexion (il tourne sur cette machine)."""
    champs = Path(f"/proc/{_valeur('SELECT pg_backend_pid()')}/stat").read_text().rpartition(")")[2].split()
    return (int(champs[11]) + int(champs[12])) / os.sysconf("SC_CLK_TCK")


def _journal() -> float:
    """Octets de journal (WAL) écrits depuis l'origine."""
    return float(_valeur("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"))


def _valeur(requete: str) -> Any:
    from django.db import connection

    with connection.cursor() as curseur:
        curseur.execute(requete)
        return curseur.fetchone()[0]
