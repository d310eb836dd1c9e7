"""Application des échanges : importer, exporter."""

from __future__ import annotations

from django.apps import AppConfig


class EchangesConfig(AppConfig):
    """Fichiers qui entrent et qui sortent (formats.md § 1)."""

    name = "flux_reservations.echanges"
    label = "echanges"
    verbose_name = "échanges"
