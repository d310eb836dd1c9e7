"""Application de l'embarqué : PostgreSQL et Valkey livrés en roues, et `manage.py demo`."""

from __future__ import annotations

from django.apps import AppConfig


class EmbarqueConfig(AppConfig):
    """Serveurs embarqués, base temporaire, démonstration."""

    name = "flux_reservations.embarque"
    label = "embarque"
    verbose_name = "embarqué"
