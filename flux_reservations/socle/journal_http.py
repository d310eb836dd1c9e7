"""Le journal d'accès du serveur HTTP, sans les secrets que portent certaines adresses (invitation, mot de passe, calendrier)."""

from __future__ import annotations

import re
from typing import Any, Final

from gunicorn.glogging import Logger

SECRETS: Final = re.compile(r"(/(?:invitation|mot-de-passe|echeancier)/)[^\s?\"]+")
"""Ce qui suit ces débuts d'adresse ouvre un accès à qui le lit."""


def masquer(texte: str) -> str:
    """Le texte, ses secrets remplacés par un astérisque."""
    return SECRETS.sub(r"\1*", texte)


class JournalSansSecret(Logger):
    """À donner à gunicorn (`--logger-class`)."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        """Masque la requête, le chemin et la page d'où l'on vient."""
        lus: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        return lus | {cle: masquer(str(lus[cle])) for cle in ("r", "U", "f", "{referer}i") if lus.get(cle)}
