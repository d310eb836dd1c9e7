"""Processus enfants liés à la vie de leur parent : tué par -9, un superviseur n'en oublie aucun.

Linux envoie à l'enfant le signal choisi quand meurt le fil qui l'a lancé (PR_SET_PDEATHSIG) : on lance donc toujours
depuis le fil principal. Rien ici n'importe Django : le greffon de pytest s'en sert avant lui.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypedDict

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
DELAI_APRES_KILL = 5.0
SIGNAUX_D_ARRET = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
"""Un interpréteur de commandes les fait ignorer à ce qu'il lance en arrière-plan, et l'ignorance s'hérite : nos enfants y répondent."""

_LIBC = ctypes.CDLL(None, use_errno=True)


class ChangementDeCompte(TypedDict, total=False):
    """Les arguments de `subprocess` qui changent de compte."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Identite:
    """Sous quelle identité lancer un enfant, et à qui sont ses fichiers (`uid`, `gid` ; `None` : à nous).

    `prefixe` : la commande qui prend cette identité ; sans elle, l'enfant change simplement de compte.
    """

    uid: int | None = None
    gid: int | None = None
    prefixe: tuple[str, ...] = ()

    @property
    def changement(self) -> ChangementDeCompte:
        """Ce que `subprocess` doit changer lui-même."""
        if self.uid is None or self.gid is None or self.prefixe:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


MEME_IDENTITE = Identite()


def regler_processus(option: int, valeur: int) -> None:
    """Appelle prctl(2) sur le processus courant ; lève `OSError` si le noyau refuse."""
    if _LIBC.prctl(option, valeur, 0, 0, 0) != 0:
        numero = ctypes.get_errno()
        raise OSError(numero, os.strerror(numero))


def _lier_au_parent(signal_de_deuil: signal.Signals) -> Callable[[], None]:
    """Fonction à exécuter dans l'enfant, après le changement de compte (qui efface PR_SET_PDEATHSIG)."""
    parent = os.getpid()

    def dans_l_enfant() -> None:
        regler_processus(PR_SET_PDEATHSIG, signal_de_deuil)
        if os.getppid() != parent:  # le parent est mort entre fork et prctl
            os._exit(1)
        for numero in SIGNAUX_D_ARRET:
            signal.signal(numero, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    return dans_l_enfant


def lancer(
    commande: Sequence[str | Path],
    *,
    signal_de_deuil: signal.Signals = signal.SIGTERM,
    identite: Identite = MEME_IDENTITE,
    groupe_a_part: bool = True,
    sortie: IO[bytes] | int | None = None,
    environnement: Mapping[str, str] | None = None,
    dossier: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Lance un enfant qui reçoit `signal_de_deuil` à la mort du parent.

    `groupe_a_part` : Ctrl-C au clavier ne va alors qu'au parent, qui arrête ses enfants dans l'ordre.
    """
    return subprocess.Popen(  # noqa: S603 : commandes écrites ici, ou données par la personne qui lance
        [*identite.prefixe, *(str(morceau) for morceau in commande)],
        stdin=subprocess.DEVNULL if groupe_a_part else None,
        stdout=sortie,
        stderr=subprocess.STDOUT if sortie is not None else None,
        env=environnement,
        cwd=dossier,
        **identite.changement,
        process_group=0 if groupe_a_part else None,
        preexec_fn=_lier_au_parent(signal_de_deuil),  # noqa: PLW1509 : un seul fil à cet instant
    )


def attendre_l_arret(processus: subprocess.Popen[bytes], delai: float) -> bool:
    """Attend `delai` secondes, puis tue. Vrai si l'enfant s'est arrêté de lui-même."""
    try:
        processus.wait(delai)
    except subprocess.TimeoutExpired:
        processus.kill()
        processus.wait(DELAI_APRES_KILL)
        return False
    return True


def processus_dans(dossier: Path) -> list[int]:
    """Numéros des processus vivants dont le dossier courant est `dossier` (PostgreSQL : tous les siens y sont)."""
    cible = os.path.realpath(dossier)
    trouves = []
    for entree in Path("/proc").iterdir():
        if entree.name.isdigit():
            try:
                courant = (entree / "cwd").readlink()
            except OSError:  # mort entre-temps, ou processus d'autrui
                continue
            if str(courant) == cible:
                trouves.append(int(entree.name))
    return trouves
