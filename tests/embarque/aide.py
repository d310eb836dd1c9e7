"""Ce que partagent les essais de l'embarqué : lancer un vrai processus, constater qu'il vit ou qu'il est mort."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from flux_reservations.embarque.empreinte import RACINE

PATIENCE = 90.0
MANAGE = RACINE / "manage.py"


def environnement_nu(**ajouts: str) -> dict[str, str]:
    """Notre environnement, sans ce que le greffon des essais y a mis."""
    ecartes = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "BASE_MODELE", "SECRET_KEY"}
    return {nom: valeur for nom, valeur in os.environ.items() if nom not in ecartes} | ajouts


def lancer_python(*arguments: str | Path, dossier: Path | None = None) -> subprocess.Popen[str]:
    """Un Python à part, dans son groupe, dont on lit la sortie."""
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=environnement_nu(PYTHONPATH=str(RACINE), PYTHONUNBUFFERED="1"),
        cwd=dossier,
        process_group=0,
    )


def attendre(condition: Callable[[], bool], quoi: str) -> None:
    """Attend qu'une condition devienne vraie ; échoue en disant laquelle."""
    limite = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limite, f"n'est pas arrivé à temps : {quoi}"
        time.sleep(0.02)


def est_vivant(pid: int) -> bool:
    """Vrai si le processus existe et n'est pas un mort que son parent n'a pas encore recueilli."""
    try:
        etat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return etat.rpartition(")")[2].split()[0] != "Z"


def lire_ligne(processus: subprocess.Popen[str]) -> str:
    """La prochaine ligne de sa sortie."""
    assert processus.stdout is not None
    return processus.stdout.readline().strip()


def processus_citant(texte: str) -> list[int]:
    """Les processus vivants dont la ligne de commande, ou l'environnement, contient `texte`."""
    trouves = []
    for entree in Path("/proc").iterdir():
        if entree.name.isdigit() and int(entree.name) != os.getpid():
            try:
                ligne = b"\0".join((entree / nom).read_bytes() for nom in ("cmdline", "environ")).decode(
                    errors="replace"
                )
            except OSError:
                continue
            if texte in ligne and est_vivant(int(entree.name)):
                trouves.append(int(entree.name))
    return trouves
