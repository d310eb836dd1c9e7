"""Gardien d'une commande quelconque : `python gardien.py COMMANDE…` l'exécute et rend son code de sortie.

Il recueille les descendants orphelins (PR_SET_CHILD_SUBREAPER) : quand la commande finit, ou quand le parent du gardien meurt
(même par -9), tout ce qu'elle a lancé est arrêté. Il reste dans le groupe du terminal : la commande peut lire le
clavier, et Ctrl-C lui arrive directement. Bibliothèque standard seulement : il s'exécute seul, sans Django.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
SI_KERNEL = 128
CODE_COMMANDE_INTROUVABLE = 127
CODE_COMMANDE_NON_EXECUTABLE = 126
DELAI_AVANT_KILL = 5.0
PAUSE = 0.02
RELAYES = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def attendre_en_relayant(processus: subprocess.Popen[bytes], *, parent: int | None = None) -> int:
    """Attend la fin de `processus` en lui relayant les signaux reçus ; rend son code (128 + n s'il est mort du signal n).

    Les signaux de `RELAYES` et SIGCHLD doivent être bloqués. Un signal du clavier n'est pas relayé : le terminal l'a
    déjà envoyé à tout le groupe. Si `parent` est donné et n'est plus le nôtre, on n'attend plus.
    """
    while (code := processus.poll()) is None:
        recu = signal.sigwaitinfo({*RELAYES, signal.SIGCHLD})
        if parent is not None and os.getppid() != parent:
            return 128 + signal.SIGKILL
        if recu.si_signo != signal.SIGCHLD and recu.si_code != SI_KERNEL and processus.poll() is None:
            processus.send_signal(recu.si_signo)
    return code if code >= 0 else 128 - code


def enfants_de(pid: int) -> list[int]:
    """Les enfants vivants d'un processus."""
    trouves = []
    for entree in Path("/proc").iterdir():
        if entree.name.isdigit():
            try:
                etat = (entree / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # mort entre-temps
                continue
            if int(etat[1]) == pid and etat[0] != "Z":
                trouves.append(int(entree.name))
    return trouves


def arreter_les_descendants() -> None:
    """Arrête tous les descendants, par générations : les orphelins d'un mort deviennent nos enfants."""
    limite = time.monotonic() + DELAI_AVANT_KILL
    signaux: dict[int, signal.Signals] = {}
    while enfants := enfants_de(os.getpid()):
        voulu = signal.SIGTERM if time.monotonic() < limite else signal.SIGKILL
        for pid in enfants:
            if signaux.get(pid) != voulu:
                signaux[pid] = voulu
                _tuer(pid, voulu)
        _recueillir()
        time.sleep(PAUSE)
    _recueillir()


def _tuer(pid: int, envoye: signal.Signals) -> None:
    try:
        os.kill(pid, envoye)
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        pass


def _recueillir() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _dans_l_enfant() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for relaye in RELAYES:
        signal.signal(relaye, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def executer(commande: list[str]) -> int:
    """Exécute la commande sous garde et rend son code."""
    parent = os.getppid()
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, {*RELAYES, signal.SIGCHLD})
    try:
        processus = subprocess.Popen(commande, preexec_fn=_dans_l_enfant)  # noqa: S603, PLW1509 : c'est la demande ; un seul fil
    except FileNotFoundError:
        sys.stderr.write(f"Erreur : commande introuvable : {commande[0]}\n")
        return CODE_COMMANDE_INTROUVABLE
    except OSError as erreur:
        sys.stderr.write(f"Erreur : {commande[0]} ne peut pas être exécutée : {erreur.strerror}.\n")
        return CODE_COMMANDE_NON_EXECUTABLE
    code = attendre_en_relayant(processus, parent=parent)
    arreter_les_descendants()
    return code


if __name__ == "__main__":
    sys.exit(executer(sys.argv[1:]))
