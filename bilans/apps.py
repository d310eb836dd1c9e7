"""Application des bilans : ce qu'on rend."""

from __future__ import annotations

from django.apps import AppConfig


class BilansConfig(AppConfig):
    """Flux annuel, bilans figés, diffusion, échéancier."""

    name = "bilans"
    verbose_name = "bilans"
