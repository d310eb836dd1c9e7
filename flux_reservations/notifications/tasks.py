"""Tâches de la file d'envois : expédier un lot, rattraper ce qui attend. Les relancer ne change rien de plus."""

from __future__ import annotations

import uuid

from celery import shared_task

from flux_reservations.notifications.actions.expedier import expedier, reprendre_les_abandonnes


@shared_task(name="notifications.expedier_lot")
def expedier_lot(lot: str) -> None:
    """Expédie les courriels d'un lot, dès son dépôt."""
    expedier(uuid.UUID(lot))


@shared_task(name="notifications.rattraper")
def rattraper() -> None:
    """Chaque quart de minute : dit incertain ce qu'un processus mort a laissé, puis expédie tout ce qui est dû."""
    reprendre_les_abandonnes()
    expedier()
