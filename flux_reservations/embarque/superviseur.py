"""Le superviseur : démarre des services dans l'ordre, relance ceux qui meurent, arrête tout dans l'ordre inverse.

Les signaux sont attendus, jamais traités en cours d'instruction : pas de course, pas de boucle qui tourne à vide.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from flux_reservations.embarque.service import Service

ARRET = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
VIE_MINIMALE = 10.0
PAUSE_INITIALE = 0.5
PAUSE_MAXIMALE = 30.0


class Superviseur:
    """Surveille des services ; `dire` écrit une ligne du journal lisible."""

    def __init__(self, dire: Callable[[str], None]) -> None:
        """Aucun service encore."""
        self._dire = dire
        self._services: list[Service] = []
        self._depart: dict[Service, float] = {}
        self._pause: dict[Service, float] = {}
        self._a_relancer: dict[Service, float] = {}

    def ajouter(self, service: Service) -> None:
        """Démarre un service et le surveille désormais. Lève `ErreurMetier` s'il ne démarre pas."""
        self._services.append(service)
        service.demarrer()
        self._depart[service] = time.monotonic()
        self._annoncer(service, "démarré")

    def surveiller(self) -> None:
        """Relance les morts jusqu'à ce qu'un signal demande l'arrêt. Ces signaux et SIGCHLD doivent être bloqués."""
        while True:
            self._constater_les_morts()
            recu = self._attendre_un_signal()
            if recu in ARRET:
                self._dire(f"Arrêt demandé ({signal.Signals(recu).name}).")
                return

    def arreter(self) -> None:
        """Arrête tout : l'application d'abord, tous ses processus à la fois, puis les serveurs dont elle dépend."""
        for rang in sorted({service.rang_d_arret for service in self._services}):
            concernes = [service for service in self._services if service.rang_d_arret == rang]
            for service in concernes:
                service.demander_l_arret()
            for service in concernes:
                if service.processus is not None:
                    de_bon_gre = service.attendre_l_arret()
                    self._dire(f"{service.nom} : arrêté" + ("." if de_bon_gre else " de force."))

    def _attendre_un_signal(self) -> int:
        attendus = {*ARRET, signal.SIGCHLD}
        if not self._a_relancer:
            return signal.sigwaitinfo(attendus).si_signo
        delai = max(0.0, min(self._a_relancer.values()) - time.monotonic())
        recu = signal.sigtimedwait(attendus, delai)
        return recu.si_signo if recu else signal.SIGCHLD

    def _constater_les_morts(self) -> None:
        maintenant = time.monotonic()
        for service in self._services:
            if service.est_mort() and service not in self._a_relancer:
                if maintenant - self._depart[service] > VIE_MINIMALE:
                    self._pause.pop(service, None)
                pause = self._pause.get(service, PAUSE_INITIALE)
                self._pause[service] = min(pause * 2, PAUSE_MAXIMALE)
                self._a_relancer[service] = maintenant + pause
                code = service.processus.returncode if service.processus else 0
                self._dire(f"{service.nom} : mort (code {code}), relancé dans {pause:.1f} s.")
        for service, echeance in list(self._a_relancer.items()):
            if echeance <= maintenant:
                del self._a_relancer[service]
                service.lancer()
                self._depart[service] = time.monotonic()
                self._annoncer(service, "relancé")

    def _annoncer(self, service: Service, verbe: str) -> None:
        numero = service.processus.pid if service.processus else 0
        self._dire(f"{service.nom} : {verbe} (processus {numero}).")
