"""Dire en français ce que la base refuse : le message de la contrainte, à défaut le sien."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import psycopg
from django.apps import apps
from django.db.models import BaseConstraint


def dire_le_refus(erreur: Exception) -> str:
    """Ce qui s'oppose à l'import, et le remède ; `erreur` vient de Django ou de psycopg."""
    cause: Any = erreur if isinstance(erreur, psycopg.Error) else erreur.__cause__
    contrainte = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
    dit = _messages().get(contrainte or "") or f"{str(erreur).splitlines()[0]}."
    return f"La base a refusé l'import : {dit} Vérifiez ce fichier, puis recommencez."


@lru_cache(maxsize=1)
def _messages() -> dict[str, str]:
    """Par contrainte, le message que nos modèles en donnent."""
    return {
        contrainte.name: str(contrainte.violation_error_message)
        for modele in apps.get_models()
        for contrainte in modele._meta.constraints
        if contrainte.violation_error_message != BaseConstraint.default_violation_error_message
    }
