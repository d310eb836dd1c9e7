"""Confier un travail à l'ouvrier : la ligne en base dit ce qui reste à faire, la tâche ne fait que le hâter."""

from __future__ import annotations

import logging
import uuid
from functools import partial

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def envoyer_la_tache(nom: str, cle: int | uuid.UUID, *, file: str | None = None) -> None:
    """Lance une tâche sur une clé ; sans courtier, ou s'il est injoignable, la reprise périodique s'en charge."""
    if not settings.CELERY_BROKER_URL:
        return
    try:
        current_app.send_task(nom, args=[cle if isinstance(cle, int) else str(cle)], queue=file, retry=False)
    except OperationalError:
        logger.warning("%s(%s) : courtier injoignable, la reprise s'en chargera", nom, cle)


def envoyer_apres_validation(nom: str, cle: int | uuid.UUID, *, file: str | None = None) -> None:
    """Lance la tâche une fois la transaction validée : elle lira ce qui vient d'être écrit."""
    transaction.on_commit(partial(envoyer_la_tache, nom, cle, file=file))
