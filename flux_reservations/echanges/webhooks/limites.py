"""Ce qu'un organisme peut faire envoyer : une adresse non vérifiée peut être celle d'un autre, on ne la bombarde pas d'appels."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.echanges.webhooks.annonces import RETENUE
from flux_reservations.echanges.webhooks.modeles import Abonnement
from flux_reservations.socle.models import EntreeJournal

ABONNEMENTS_AU_PLUS: Final = 20
"""Abonnements d'un organisme, suspendus compris."""
VERIFICATIONS_AU_PLUS: Final = 20
"""Défis qu'un organisme fait envoyer, abonnements supprimés compris, en `FENETRE`."""
FENETRE: Final = timedelta(hours=1)
DEFIANTES: Final = ("abonner", "verifier_adresse")
"""Actions du journal qui envoient un défi."""


def controler_le_nombre(organisme_id: int) -> None:
    """Lève `ErreurMetier` si l'organisme vient de dépasser son nombre d'abonnements."""
    if Abonnement.objects.filter(organisme_id=organisme_id).count() > ABONNEMENTS_AU_PLUS:
        raise ErreurMetier(
            "trop_d_abonnements", f"Au plus {ABONNEMENTS_AU_PLUS} abonnements : supprimez ceux qui ne servent plus."
        )


def controler_le_debit(organisme_id: int) -> None:
    """Lève `ErreurMetier` si l'organisme vient de dépasser ses défis de l'heure.

    Se compte dans le journal, que la suppression d'un abonnement n'efface pas ; à appeler une fois l'acte journalisé, dans la même
    transaction : le verrou du journal met alors les demandes simultanées en file.
    """
    envoyes = EntreeJournal.objects.filter(
        organisme_id=organisme_id,
        objet_type=Abonnement._meta.label_lower,
        action__in=DEFIANTES,
        instant__gt=timezone.now() - FENETRE,
    )
    if envoyes.count() > VERIFICATIONS_AU_PLUS:
        raise ErreurMetier(
            "trop_de_verifications", f"Déjà {VERIFICATIONS_AU_PLUS} vérifications en une heure : réessayez plus tard."
        )


def est_perimee(abonnement: Abonnement, instant: datetime) -> bool:
    """Vrai si l'abonnement est suspendu depuis si longtemps (30 jours) que l'adresse a pu changer de main."""
    return abonnement.desactive_le is not None and abonnement.desactive_le <= instant - RETENUE


def perimer_les_verifications(instant: datetime) -> int:
    """Oublie la vérification des adresses suspendues depuis 30 jours ; rend leur nombre (tâche de nuit)."""
    anciens = Abonnement.objects.filter(verifie_le__isnull=False, desactive_le__lte=instant - RETENUE)
    return anciens.update(verifie_le=None)
