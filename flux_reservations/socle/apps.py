"""Application du socle : journal, rôle de base de données, aides de vues, PDF, tableurs."""

from __future__ import annotations

from django.apps import AppConfig


class SocleConfig(AppConfig):
    """Ce que toutes les applications partagent et qui a besoin de Django."""

    name = "flux_reservations.socle"
    label = "socle"
    verbose_name = "socle"

    def ready(self) -> None:
        """Charge Celery quand Django est prêt (le paquet racine reste vide : lire le droit ne charge rien), et nos recherches."""
        from flux_reservations import celery  # noqa: F401, PLC0415 : enregistre l'application Celery
        from flux_reservations.socle import parmi  # noqa: PLC0415 : de même

        parmi.enregistrer()
