"""L'empreinte d'une donnée gardée ou envoyée : la même pour les mêmes valeurs, quel que soit l'ordre des clés (RG-18, RG-63)."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canoniser(donnees: Any) -> bytes:
    """Le JSON canonique : clés triées, sans blanc, UTF-8."""
    return json.dumps(donnees, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def calculer_empreinte(donnees: Any) -> str:
    """SHA-256 du JSON canonique."""
    return hashlib.sha256(canoniser(donnees)).hexdigest()
