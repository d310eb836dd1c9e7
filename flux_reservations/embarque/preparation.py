"""Ce qu'il faut avoir fait avant de servir la démonstration : la base migrée, les statiques ramassés, les données engendrées.

Chaque étape laisse dans le dossier l'empreinte de ce dont elle dépend ; elle n'est refaite que si l'empreinte change.
"""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.embarque.empreinte import RACINE, empreinte_des_statiques, empreinte_du_schema
from flux_reservations.embarque.processus import lancer

DONNEES_EN_PLACE = "en place"


def cle_secrete(dossier: Path) -> str:
    """La clé secrète de la démonstration, tirée une fois et gardée dans son dossier."""
    fichier = dossier / "cle_secrete"
    if not fichier.exists():
        fichier.touch(mode=0o600)
        fichier.write_text(secrets.token_urlsafe(48))
    return fichier.read_text()


class Preparation:
    """Les étapes qui restent à faire ; `commencer` lance celles qui sont indépendantes, `finir` attend et enchaîne."""

    def __init__(self, dossier: Path, environnement: Mapping[str, str]) -> None:
        """`dossier` : celui de la démonstration."""
        self._dossier = dossier
        self._environnement = environnement
        self._enfants: dict[str, subprocess.Popen[bytes]] = {}

    def migrer(self) -> bool:
        """Migre si le schéma a changé ; vrai si ce fut nécessaire."""
        voulu = empreinte_du_schema()
        if self._fait("schema") == voulu:
            return False
        self._lancer("migrate", "--verbosity", "0")
        self._attendre("migrate")
        self._noter("schema", voulu)
        return True

    def engendrer(self) -> bool:
        """Engendre les données la première fois ; vrai si ce fut nécessaire."""
        if self._fait("donnees") == DONNEES_EN_PLACE:
            return False
        self._lancer("engendrer_demo")
        self._attendre("engendrer_demo")
        self._noter("donnees", DONNEES_EN_PLACE)
        return True

    def commencer_les_statiques(self) -> None:
        """Lance le ramassage des statiques, s'ils ont changé, pendant que la base se prépare."""
        if self._fait("statiques") != empreinte_des_statiques():
            self._lancer("collectstatic", "--noinput", "--clear", "--verbosity", "0")

    def finir_les_statiques(self) -> None:
        """Attend la fin du ramassage, s'il a lieu."""
        if "collectstatic" in self._enfants:
            self._attendre("collectstatic")
            self._noter("statiques", empreinte_des_statiques())

    def _journal(self, commande: str) -> Path:
        return self._dossier / "journaux" / f"{commande}.log"

    def _lancer(self, commande: str, *options: str) -> None:
        with self._journal(commande).open("wb") as sortie:
            self._enfants[commande] = lancer(
                [sys.executable, RACINE / "manage.py", commande, *options],
                signal_de_deuil=signal.SIGTERM,
                sortie=sortie,
                environnement=self._environnement,
                dossier=RACINE,
            )

    def _attendre(self, commande: str) -> None:
        if self._enfants.pop(commande).wait() != 0:
            journal = self._journal(commande)
            fin = "\n".join(journal.read_text(errors="replace").splitlines()[-12:])
            raise ErreurMetier("demo_preparation", f"{commande} a échoué (journal : {journal}).\n{fin}")

    def _fait(self, etape: str) -> str:
        try:
            return (self._dossier / "etapes" / etape).read_text()
        except OSError:
            return ""

    def _noter(self, etape: str, empreinte: str) -> None:
        (self._dossier / "etapes").mkdir(exist_ok=True)
        (self._dossier / "etapes" / etape).write_text(empreinte)
