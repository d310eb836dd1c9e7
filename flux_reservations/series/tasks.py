"""Tâches des séries : avancer d'un acte, reprendre, oublier. Les relancer ne change rien de plus."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from flux_reservations.series.actions.mener import TACHE, reprendre_les_series
from flux_reservations.series.actions.mener import avancer as avancer_la_serie
from flux_reservations.series.actions.preparer import purger_les_oubliees, purger_les_terminees
from flux_reservations.socle.taches import envoyer_la_tache


@shared_task(name=TACHE)
def avancer(serie_id: int) -> None:
    """Fait un acte, puis se renvoie en queue de file tant qu'il en reste : les courriels passent entre deux."""
    if avancer_la_serie(serie_id):
        envoyer_la_tache(TACHE, serie_id)


@shared_task(name="series.reprendre")
def reprendre() -> None:
    """Chaque minute : relance ce qu'un processus mort a laissé."""
    reprendre_les_series()


@shared_task(name="series.purger")
def purger() -> None:
    """La nuit : efface les séries préparées que personne n'a confirmées, et celles finies depuis longtemps."""
    purger_les_oubliees(timezone.now())
    purger_les_terminees(timezone.localdate())
