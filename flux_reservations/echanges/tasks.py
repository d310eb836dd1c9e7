"""Tâches des échanges : imports, exports, appels automatiques ; reprendre ce qu'un processus mort a laissé."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from flux_reservations.acces.jetons import purger_les_cles
from flux_reservations.echanges import depot, fichiers_deposes, traitement
from flux_reservations.echanges.export_complet import actions as exports
from flux_reservations.echanges.webhooks import actions as webhooks
from flux_reservations.echanges.webhooks.annonces import annoncer
from flux_reservations.echanges.webhooks.limites import perimer_les_verifications


@shared_task(name=depot.TACHE, time_limit=3600)
def traiter_import(import_id: int) -> None:
    """Fait le pas qui attend ; le relancer ne refait rien."""
    traitement.traiter(import_id)


@shared_task(name="echanges.reprendre_les_imports")
def reprendre_les_imports() -> None:
    """Chaque minute : reprend les imports dont le processus s'est tu."""
    traitement.reprendre_les_abandonnes()


@shared_task(name=exports.TACHE, time_limit=3600)
def fabriquer_export(export_id: int) -> None:
    """Fabrique une archive ; la relancer ne refait rien de ce qui est fait."""
    exports.fabriquer(export_id)


@shared_task(name="echanges.reprendre_les_exports", time_limit=3600)
def reprendre_les_exports() -> None:
    """Chaque minute : fabrique les archives dont aucun processus ne s'occupe."""
    exports.reprendre_les_exports()


@shared_task(name="echanges.annoncer")
def annoncer_et_livrer() -> None:
    """Souvent : lit la suite du journal, puis confie chaque appel dû à un travailleur."""
    annoncer()
    for appel_id in webhooks.appels_dus():
        webhooks.lancer(appel_id)


@shared_task(name=webhooks.TACHE, soft_time_limit=45, time_limit=60)
def livrer_appel(appel_id: int) -> None:
    """Fait un essai ; le relancer ne refait rien de ce qui est fait."""
    webhooks.livrer(appel_id)


@shared_task(name="echanges.purger")
def purger() -> None:
    """La nuit : efface les vieux appels, de quoi défaire les vieux imports, ceux abandonnés, les clés d'idempotence et les archives."""
    webhooks.purger_les_appels()
    perimer_les_verifications(timezone.now())
    fichiers_deposes.purger_les_traces()
    fichiers_deposes.abandonner_les_oublies()
    fichiers_deposes.effacer_les_abandonnes(timezone.localdate())
    fichiers_deposes.effacer_les_contenus_orphelins()
    purger_les_cles(timezone.now())
    exports.effacer_les_exports(timezone.now())
