"""Tâches des attributions : chaque jour, carences, silences et relances (RG-44, RG-46, RG-67)."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from attributions.actions.candidats import constater_les_silences
from attributions.actions.lot import reviser_les_lots
from attributions.actions.mise_a_disposition import constater_les_carences
from attributions.actions.notifications import relancer_les_reservataires
from attributions.actions.vie_privee import purger_les_candidats
from attributions.recapitulatif import envoyer_les_recapitulatifs
from flux_reservations.acces.vie_privee import purger_les_acces
from flux_reservations.commun.acteur import Acteur
from flux_reservations.notifications.actions.purger import purger_les_envois


@shared_task(name="attributions.constater_les_echeances")
def constater_les_echeances() -> dict[str, int]:
    """Constate carences et silences du jour, puis relance qui tarde : chaque acte est sa propre transaction.

    La relancer, à deux ou après un arrêt brutal, reprend ce qui manque et ne refait rien.
    """
    acteur, aujourd_hui = Acteur.systeme("échéances du jour"), timezone.localdate()
    return {
        "carences": len(constater_les_carences(acteur=acteur, le=aujourd_hui)),
        "silences": len(constater_les_silences(acteur=acteur, le=aujourd_hui)),
        "relances": len(relancer_les_reservataires(acteur=acteur, le=aujourd_hui)),
        "lots": reviser_les_lots(acteur=acteur, le=aujourd_hui),
    }


@shared_task(name="attributions.recapituler")
def recapituler() -> int:
    """Chaque lundi : envoie à chaque portefeuille ce qui l'attend ; la relancer dans la semaine n'envoie rien de plus."""
    return envoyer_les_recapitulatifs(timezone.localdate())


@shared_task(name="attributions.purger")
def purger() -> dict[str, int]:
    """Efface les données personnelles dont la durée est passée (RG-70) ; la relancer n'efface rien de plus."""
    acteur, aujourd_hui = Acteur.systeme("purge"), timezone.localdate()
    candidats = purger_les_candidats(acteur=acteur, le=aujourd_hui)
    envois = purger_les_envois(acteur=acteur, le=aujourd_hui)
    return {"candidats": candidats, "envois": envois} | purger_les_acces(acteur=acteur, le=aujourd_hui)
