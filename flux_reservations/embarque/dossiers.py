"""Dossiers de l'embarqué : sockets assez courts, verrou d'un dossier, ménage des dossiers temporaires abandonnés."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flux_reservations.commun.erreurs import ErreurMetier

LONGUEUR_MAXIMALE_SOCKET = 107
AGE_MINIMAL_ABANDON = 60.0
PREFIXE_TEMPORAIRE = "flux-base-"
NOM_DU_VERROU = "verrou"
_CHEMIN_SIMPLE = re.compile(r"[A-Za-z0-9/._-]+")


def racine_temporaire() -> Path:
    """Le dossier temporaire de la machine (`TMPDIR` honoré)."""
    return Path(tempfile.gettempdir())


def dossier_de_socket(dossier: Path, nom: str) -> Path:
    """Le dossier où ouvrir le socket `nom` : `dossier`, ou un dossier court si le chemin est trop long ou à échapper.

    Le dossier court ne dépend que de `dossier` (rien ne s'accumule) ; il est privé, et refusé s'il est à un autre.
    """
    chemin = dossier / nom
    if len(os.fsencode(chemin)) <= LONGUEUR_MAXIMALE_SOCKET and _CHEMIN_SIMPLE.fullmatch(str(chemin)):
        return dossier
    empreinte = hashlib.sha256(os.fsencode(dossier.resolve())).hexdigest()[:12]
    nom_court = f"flux-{os.geteuid()}-{empreinte}"
    for racine in (racine_temporaire(), Path("/tmp")):  # noqa: S108 : dossier privé, propriétaire vérifié
        court = racine / nom_court
        complet = str(court / nom)
        if len(os.fsencode(complet)) <= LONGUEUR_MAXIMALE_SOCKET and _CHEMIN_SIMPLE.fullmatch(complet):
            court.mkdir(mode=0o700, exist_ok=True)
            _verifier_proprietaire(court)
            return court
    raise ErreurMetier("embarque_socket", f"Aucun dossier assez court pour un socket Unix : réduisez TMPDIR ({court}).")


def _verifier_proprietaire(dossier: Path) -> None:
    etat = dossier.lstat()
    admis = {os.geteuid()} if os.geteuid() else None  # root donne le sien au compte de PostgreSQL
    if not stat.S_ISDIR(etat.st_mode) or etat.st_mode & 0o077 or (admis is not None and etat.st_uid not in admis):
        raise ErreurMetier("embarque_socket", f"{dossier} n'est pas un dossier privé à nous : supprimez-le.")


@contextmanager
def verrouiller(dossier: Path) -> Iterator[None]:
    """Tient le verrou du dossier ; le noyau le rend à la mort du processus, même par -9.

    Lève `ErreurMetier` si un autre le tient.
    """
    descripteur = os.open(dossier / NOM_DU_VERROU, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(descripteur, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as erreur:
            message = f"Le dossier {dossier} est déjà utilisé par une autre exécution : arrêtez-la, ou donnez un autre dossier."
            raise ErreurMetier("embarque_dossier_occupe", message) from erreur
        yield
    finally:
        os.close(descripteur)


@contextmanager
def dossier_temporaire() -> Iterator[Path]:
    """Un dossier temporaire à soi, supprimé à la sortie ; un abandonné (kill -9) l'est par le suivant."""
    supprimer_les_abandonnes()
    dossier = Path(tempfile.mkdtemp(prefix=PREFIXE_TEMPORAIRE))
    if os.geteuid() == 0:
        dossier.chmod(0o711)  # le compte de PostgreSQL doit pouvoir y passer ; ce qui s'y trouve reste privé
    try:
        with verrouiller(dossier):
            yield dossier
    finally:
        shutil.rmtree(dossier, ignore_errors=True)


def supprimer_les_abandonnes() -> None:
    """Supprime les dossiers temporaires à nous que plus aucun processus ne verrouille."""
    for dossier in racine_temporaire().glob(f"{PREFIXE_TEMPORAIRE}*"):
        try:
            est_recent = time.time() - dossier.lstat().st_mtime < AGE_MINIMAL_ABANDON
            descripteur = os.open(dossier / NOM_DU_VERROU, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:  # à un autre, ou déjà supprimé
            continue
        try:
            fcntl.flock(descripteur, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not est_recent:
                shutil.rmtree(dossier, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(descripteur)
