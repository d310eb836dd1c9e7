"""Application des bilans : ce qu'on rend."""

from __future__ import annotations

from django.apps import AppConfig


class BilansConfig(AppConfig):
    """Flux annuel, bilans figés, diffusion, échéancier."""

    name = "bilans"
    verbose_name = "bilans"

    def ready(self) -> None:
        """Fait connaître aux séries la publication en nombre."""
        from bilans.actions import en_nombre  # noqa: F401, PLC0415 : s'inscrit, une fois les modèles chargés
