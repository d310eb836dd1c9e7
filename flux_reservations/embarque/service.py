"""Un service embarqué : un processus au premier plan, son journal, comment savoir qu'il répond, comment l'arrêter."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.embarque.processus import MEME_IDENTITE, Identite, attendre_l_arret, lancer

PAUSE = 0.02
LIGNES_DE_JOURNAL_CITEES = 8


class Service:
    """Un processus enfant que l'on démarre, surveille et arrête. Les sous-classes disent la commande et la sonde."""

    signal_de_deuil: ClassVar[signal.Signals] = signal.SIGTERM
    signal_d_arret: ClassVar[signal.Signals] = signal.SIGTERM
    delai_de_demarrage: ClassVar[float] = 30.0
    delai_d_arret: ClassVar[float] = 15.0
    # Les petits rangs s'arrêtent d'abord : un serveur de données après ceux qui s'en servent.
    rang_d_arret: ClassVar[int] = 1

    def __init__(self, nom: str, journal: Path) -> None:
        """`nom` se lit dans le journal du superviseur ; `journal` reçoit ce que le processus écrit."""
        self.nom = nom
        self.journal = journal
        self.identite: Identite = MEME_IDENTITE
        self.processus: subprocess.Popen[bytes] | None = None

    def commande(self) -> Sequence[str | Path]:
        """La ligne de commande, au premier plan."""
        raise ErreurMetier("embarque_service", f"{self.nom} : aucune commande.")

    def environnement(self) -> Mapping[str, str] | None:
        """L'environnement de l'enfant ; `None` = le nôtre."""
        return None

    def dossier_courant(self) -> Path | None:
        """Le dossier courant de l'enfant ; `None` = le nôtre."""
        return None

    def preparer(self) -> None:
        """Ce qui doit être fait avant de lancer."""

    def repond(self) -> bool:
        """Le service est-il prêt à servir ? Par défaut, dès qu'il est lancé."""
        return True

    def est_mort(self) -> bool:
        """Vrai si le processus a été lancé et n'est plus là."""
        return self.processus is not None and self.processus.poll() is not None

    def lancer(self) -> None:
        """Prépare et lance, sans attendre."""
        self.journal.parent.mkdir(parents=True, exist_ok=True)
        self._tuer_les_restes()
        self.preparer()
        with self.journal.open("ab") as sortie:
            self.processus = lancer(
                self.commande(),
                signal_de_deuil=self.signal_de_deuil,
                identite=self.identite,
                sortie=sortie,
                environnement=self.environnement(),
                dossier=self.dossier_courant(),
            )

    def demarrer(self) -> None:
        """Lance et attend qu'il réponde. Lève `ErreurMetier` s'il meurt ou ne répond pas à temps."""
        self.lancer()
        limite = time.monotonic() + self.delai_de_demarrage
        while not self.repond():
            if self.est_mort() or time.monotonic() > limite:
                self.arreter()
                message = f"{self.nom} ne démarre pas (journal : {self.journal}).\n{self._fin_du_journal()}"
                raise ErreurMetier("embarque_demarrage", message)
            time.sleep(PAUSE)

    def demander_l_arret(self) -> None:
        """Envoie le signal d'arrêt, sans attendre."""
        if self.processus is not None and self.processus.poll() is None:
            self.processus.send_signal(self.signal_d_arret)

    def arreter(self) -> bool:
        """Arrête et attend ; vrai si ce fut de bon gré (ou s'il ne tournait pas)."""
        self.demander_l_arret()
        return self.attendre_l_arret()

    def attendre_l_arret(self) -> bool:
        """Attend la fin d'un arrêt demandé, le force passé le délai ; vrai si ce fut de bon gré."""
        if self.processus is None:
            return True
        de_bon_gre = attendre_l_arret(self.processus, self.delai_d_arret)
        self._tuer_les_restes()
        return de_bon_gre

    def _tuer_les_restes(self) -> None:
        """Tué par -9, un processus peut laisser des enfants : ils sont restés dans son groupe."""
        if self.processus is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.processus.pid, signal.SIGKILL)

    def _fin_du_journal(self) -> str:
        try:
            texte = self.journal.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(texte.splitlines()[-LIGNES_DE_JOURNAL_CITEES:])
