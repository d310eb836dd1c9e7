"""Convertisseurs d'adresses : une date s'y écrit AAAA-MM-JJ."""

from __future__ import annotations

from datetime import date


class ConvertisseurDate:
    """`<date:jour>` dans une adresse ; une date impossible ne correspond à aucune page (404)."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, valeur: str) -> date:
        """Lit la date ; `ValueError` dit à Django que l'adresse ne correspond pas."""
        return date.fromisoformat(valeur)

    def to_url(self, valeur: date | str) -> str:
        """Écrit la date ; accepte une chaîne déjà écrite."""
        return date.fromisoformat(valeur).isoformat() if isinstance(valeur, str) else valeur.isoformat()
