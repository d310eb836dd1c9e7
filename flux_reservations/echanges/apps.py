"""Application des échanges : importer, exporter."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class EchangesConfig(AppConfig):
    """Fichiers qui entrent et qui sortent (formats.md § 1)."""

    name = "flux_reservations.echanges"
    label = "echanges"
    verbose_name = "échanges"

    def ready(self) -> None:
        """Après chaque migration, suit les tables qu'un import peut toucher."""
        post_migrate.connect(suivre_les_tables, sender=self)


def suivre_les_tables(using: str = "default", **_: Any) -> None:
    """Pose les déclencheurs du retour en arrière qui manquent."""
    from flux_reservations.echanges.retour import poser_les_declencheurs  # noqa: PLC0415 : les modèles sont prêts maintenant

    with connections[using].cursor() as curseur:
        poser_les_declencheurs(curseur)
