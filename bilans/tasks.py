"""Tâches des bilans : produire, reprendre ce qui s'est interrompu, rappeler les échéances. Les relancer ne change rien de plus."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from bilans.actions import produire as produire_un_bilan
from bilans.echeances import rappeler_les_echeances
from bilans.models import Bilan
from bilans.models.bilan import EtatBilan


@shared_task(name="bilans.produire")
def produire(bilan_id: int) -> None:
    """Produit un bilan."""
    produire_un_bilan(bilan_id)


@shared_task(name="bilans.reprendre")
def reprendre() -> None:
    """Chaque minute : produit les bilans en attente dont aucun processus ne s'occupe, le plus ancien d'abord."""
    for cle in Bilan.objects.filter(etat=EtatBilan.EN_PRODUCTION).order_by("pk").values_list("pk", flat=True):
        produire_un_bilan(cle)


@shared_task(name="bilans.rappeler")
def rappeler() -> int:
    """Chaque matin : envoie les rappels du jour (RG-67)."""
    return rappeler_les_echeances(timezone.localdate())
