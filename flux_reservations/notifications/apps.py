"""Application des notifications : file d'envois durable et registre de preuve (RG-66)."""

from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Ce qui est envoyé, à qui, quand, par quelle voie."""

    name = "flux_reservations.notifications"
    label = "notifications"
    verbose_name = "envois"
