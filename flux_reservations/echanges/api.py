"""Ce que les échanges ajoutent à l'API : l'écriture des libérations, le dépôt d'imports (formats.md § 3)."""

from __future__ import annotations

from typing import Any

from flux_reservations.echanges.api_imports import ImportVues
from flux_reservations.echanges.api_liberations import LiberationsEcrites

RESSOURCES: list[tuple[str, Any]] = [("liberations", LiberationsEcrites), ("imports", ImportVues)]
"""Préfixes d'adresse et vues, réunis par le routeur du projet."""
