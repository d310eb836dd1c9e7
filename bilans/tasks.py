"""Tâches des bilans : produire, avancer une campagne, reprendre, rappeler. Les relancer ne change rien de plus."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from bilans.actions.campagnes import TACHE_DE_CAMPAGNE, avancer_la_campagne, relancer_les_campagnes
from bilans.actions.preparer import TACHE_DE_PRODUCTION
from bilans.actions.produire import produire as produire_un_bilan
from bilans.echeances import rappeler_les_echeances
from bilans.models import Bilan
from bilans.models.bilan import EtatBilan
from flux_reservations.socle.taches import envoyer_la_tache


@shared_task(name=TACHE_DE_PRODUCTION)
def produire(bilan_id: int) -> None:
    """Produit un bilan."""
    produire_un_bilan(bilan_id)


@shared_task(name=TACHE_DE_CAMPAGNE)
def avancer(campagne_id: int) -> None:
    """Produit un document de la campagne, puis se renvoie en queue de file tant qu'il en reste."""
    if avancer_la_campagne(campagne_id):
        envoyer_la_tache(TACHE_DE_CAMPAGNE, campagne_id)


@shared_task(name="bilans.reprendre")
def reprendre() -> None:
    """Chaque minute : relance les campagnes, et produit les bilans dont aucun processus ne s'occupe, le plus ancien d'abord."""
    relancer_les_campagnes()
    seuls = Bilan.objects.filter(etat=EtatBilan.EN_PRODUCTION, campagne__isnull=True).order_by("tentatives", "pk")
    for cle in seuls.values_list("pk", flat=True):
        produire_un_bilan(cle)


@shared_task(name="bilans.rappeler")
def rappeler() -> int:
    """Chaque matin : envoie les rappels du jour (RG-67)."""
    return rappeler_les_echeances(timezone.localdate())
