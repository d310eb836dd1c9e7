"""Modèle de grappe : une base déjà migrée, gardée en cache, que l'on recopie au lieu de migrer à chaque fois.

Le cache (`$XDG_CACHE_HOME/flux-reservations/grappes/<empreinte>`) est sans danger : l'empreinte couvre tout ce dont le
schéma dépend, un modèle est écrit à côté puis renommé d'un coup, et sans cache accessible on migre, simplement.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flux_reservations.embarque.empreinte import empreinte_du_schema
from flux_reservations.embarque.postgresql import PostgreSQL

MODELES_GARDES = 4
CHANTIER = "chantier-"


def copier_le_modele(serveur: PostgreSQL) -> bool:
    """Met en place les données d'un serveur pas encore démarré d'après le modèle du schéma courant ; faux s'il n'y en a pas."""
    dossier = _dossier_du_cache()
    if dossier is None:
        return False
    modele = dossier / empreinte_du_schema()
    with _verrou_du_cache(dossier, fcntl.LOCK_SH):
        if not modele.is_dir():
            return False
        os.utime(modele)
        serveur.donnees.parent.mkdir(parents=True, exist_ok=True)
        _recopier(modele, serveur.donnees)
    return True


def garder_le_modele(serveur: PostgreSQL) -> None:
    """Garde les données d'un serveur arrêté et migré comme modèle du schéma courant, et oublie les plus anciens."""
    dossier = _dossier_du_cache()
    if dossier is None:
        return
    chantier = Path(tempfile.mkdtemp(prefix=CHANTIER, dir=dossier))
    try:
        _recopier(serveur.donnees, chantier / "donnees")
        with _verrou_du_cache(dossier, fcntl.LOCK_EX):
            modele = dossier / empreinte_du_schema()
            if not modele.exists():
                (chantier / "donnees").rename(modele)
            modeles = sorted(dossier.glob("[0-9a-f]*"), key=lambda chemin: chemin.stat().st_mtime, reverse=True)
            for ancien in modeles[MODELES_GARDES:]:
                shutil.rmtree(ancien, ignore_errors=True)
    except (OSError, subprocess.CalledProcessError):  # disque plein, dossier protégé : le cache n'est qu'un confort
        return
    finally:
        shutil.rmtree(chantier, ignore_errors=True)


def _dossier_du_cache() -> Path | None:
    racine = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 : sans HOME, reste tel quel
    dossier = Path(racine) / "flux-reservations" / "grappes"
    if not dossier.is_absolute():
        return None
    try:
        dossier.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return None
    est_a_nous = dossier.stat().st_uid == os.geteuid() and os.access(dossier, os.W_OK)
    return dossier if est_a_nous else None


@contextmanager
def _verrou_du_cache(dossier: Path, mode: int) -> Iterator[None]:
    descripteur = os.open(dossier, os.O_RDONLY)
    try:
        fcntl.flock(descripteur, mode)
        yield
    finally:
        os.close(descripteur)


def _recopier(source: Path, destination: Path) -> None:
    subprocess.run(["cp", "-a", "--reflink=auto", str(source), str(destination)], check=True)  # noqa: S603, S607
