"""Tâches des imports : essayer, appliquer, reprendre ce qu'un processus mort a laissé."""

from __future__ import annotations

from celery import shared_task

from flux_reservations.echanges import depot


@shared_task(name=depot.TACHE)
def traiter_import(import_id: int) -> None:
    """Fait le pas qui attend ; le relancer ne refait rien."""
    depot.traiter(import_id)


@shared_task(name="echanges.reprendre_les_imports")
def reprendre_les_imports() -> None:
    """Chaque minute : reprend les imports dont le processus s'est tu."""
    depot.reprendre_les_abandonnes()
