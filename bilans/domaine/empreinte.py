"""L'empreinte des données d'un bilan publié : la même pour les mêmes données, quel que soit l'ordre des clés (RG-63)."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def calculer_empreinte(donnees: Any) -> str:
    """SHA-256 du JSON canonique (clés triées, sans blanc, UTF-8)."""
    canonique = json.dumps(donnees, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonique.encode()).hexdigest()
