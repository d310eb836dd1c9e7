"""Application des conventions : qui et quoi."""

from __future__ import annotations

from django.apps import AppConfig


class ConventionsConfig(AppConfig):
    """Bailleurs, réservataires, patrimoine daté, réservations en stock, conventions et droits."""

    name = "conventions"
    verbose_name = "conventions"

    def ready(self) -> None:
        """Fait connaître aux séries les actes en nombre des conventions."""
        from conventions.actions import en_nombre  # noqa: F401, PLC0415 : s'inscrit, une fois les modèles chargés
