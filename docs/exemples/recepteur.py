"""Un récepteur d'appels automatiques : bibliothèque standard seule, à recopier et à adapter.

Il rend le défi, vérifie chaque signature et son heure, reconnaît un doublon, et répond aussitôt. En production, rangez les appels
reçus dans une file et travaillez après avoir répondu : dix secondes passent vite.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from client import verifier_appel

OCTETS_AU_PLUS = 1_000_000


class Recepteur(ThreadingHTTPServer):
    """Écoute, et confie à `traiter` chaque appel authentique, une fois. `secret` : celui de l'abonnement."""

    def __init__(self, adresse: tuple[str, int], secret: str, traiter: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(adresse, _Poignee)
        self.secret = secret
        self.traiter = traiter
        self.deja_vus: set[str] = set()  # en production : une table, gardée soixante jours


class _Poignee(BaseHTTPRequestHandler):
    server: Recepteur

    def do_POST(self) -> None:
        """200 si l'appel est authentique (ou déjà vu), 400 s'il est illisible, 401 si sa signature est fausse."""
        taille = int(self.headers.get("Content-Length", 0))
        if not 0 < taille <= OCTETS_AU_PLUS:
            self._repondre(400)
            return
        corps = self.rfile.read(taille)
        try:
            appel = verifier_appel(self.server.secret, dict(self.headers.items()), corps)
        except KeyError:
            self._repondre(400)
        except ValueError:
            self._repondre(401)
        else:
            self._recevoir(appel)

    def _recevoir(self, appel: dict[str, Any]) -> None:
        if appel["evenement"] == "verification":
            # Rendre le défi prouve que cette adresse veut être appelée.
            self._repondre(200, json.dumps({"defi": appel["objet"]["defi"]}).encode())
            return
        if appel["id"] not in self.server.deja_vus:
            self.server.deja_vus.add(appel["id"])
            self.server.traiter(appel)
        self._repondre(200)

    def _repondre(self, statut: int, corps: bytes = b"") -> None:
        self.send_response(statut)
        self.send_header("Content-Length", str(len(corps)))
        self.end_headers()
        self.wfile.write(corps)

    def log_message(self, *_: Any) -> None:
        """Rien : le corps peut nommer un logement."""
