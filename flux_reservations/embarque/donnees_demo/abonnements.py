"""Un abonnement du grand bailleur, tel qu'il a vécu : vérifié, appelé, un appel manqué, puis suspendu par son responsable.

Suspendu, il n'appelle personne ; et son adresse est d'un domaine réservé aux exemples, qui ne mène nulle part (RFC 2606).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.utils import timezone

from attributions.models import Liberation, Orientation
from conventions.models import Bailleur
from flux_reservations.acces.models import Rattachement
from flux_reservations.echanges.webhooks.actions import ESSAIS, suspendre
from flux_reservations.echanges.webhooks.annonces import composer_corps, lire_l_objet
from flux_reservations.echanges.webhooks.modeles import Abonnement, Appel, EtatAppel, Evenement

ADRESSE: Final = "https://progiciel.rivebelle.example/flux-reservations"
OUVERT_DEPUIS: Final = timedelta(days=40)
APPELS_PAR_EVENEMENT: Final = 8
EN_PANNE: Final = 3
"""Rang de l'appel que le progiciel, arrêté, n'a jamais reçu ; celui d'après n'est passé qu'au deuxième essai."""


def ecrire_un_abonnement(bailleur: Bailleur, aujourd_hui: date) -> int:
    """L'abonnement et ses appels, sur de vrais logements de la démonstration ; rend le nombre d'appels."""
    responsable = (
        Rattachement.objects.actifs()
        .select_related("organisme", "utilisateur")
        .filter(organisme=bailleur.pk, role="responsable")
        .order_by("pk")[0]
    )
    ouvert_le = _a(aujourd_hui - OUVERT_DEPUIS, time(10, 5))
    abonnement = Abonnement.objects.create(
        organisme_id=bailleur.pk,
        usage="Progiciel de gestion locative : mises à disposition et baux",
        adresse=ADRESSE,
        evenements=[Evenement.MISE_A_DISPOSITION, Evenement.BAIL],
        verifie_le=ouvert_le + timedelta(seconds=2),
        cree_par=responsable.utilisateur,
    )
    Abonnement.objects.filter(pk=abonnement.pk).update(cree_le=ouvert_le)
    _livrer(abonnement, Evenement.VERIFICATION, ouvert_le, {"defi": str(uuid.uuid4())})
    faits = sorted(_faits(bailleur, ouvert_le.date(), aujourd_hui), key=lambda fait: fait[:1] + fait[2:])
    for rang, (jour, evenement, objet_type, cle) in enumerate(faits):
        objet = lire_l_objet(abonnement.acteur(), objet_type, cle)
        if objet is not None:
            _livrer(abonnement, evenement, _a(jour, time(14, rang % 60)), objet, rang)
    suspendre(acteur=responsable.acteur(), abonnement_id=abonnement.pk)
    return abonnement.appels.count()


def _faits(bailleur: Bailleur, debut: date, fin: date) -> Iterator[tuple[date, Evenement, str, int]]:
    """Les dernières mises à disposition et les derniers baux depuis l'abonnement : jour, événement, objet."""
    orientations = Orientation.objects.filter(
        liberation__bailleur=bailleur, date_mise_a_disposition__gt=debut, date_mise_a_disposition__lt=fin
    ).order_by("-date_mise_a_disposition", "-pk")
    for cle, jour in orientations.values_list("pk", "date_mise_a_disposition")[:APPELS_PAR_EVENEMENT]:
        if jour is not None:
            yield jour, Evenement.MISE_A_DISPOSITION, Orientation._meta.label_lower, cle
    baux = Liberation.objects.filter(bailleur=bailleur, date_bail__gt=debut, date_bail__lt=fin)
    for cle, jour in baux.order_by("-date_bail", "-pk").values_list("pk", "date_bail")[:APPELS_PAR_EVENEMENT]:
        if jour is not None:
            yield jour, Evenement.BAIL, Liberation._meta.label_lower, cle


def _livrer(abonnement: Abonnement, evenement: Evenement, le: datetime, objet: dict[str, Any], rang: int = 0) -> None:
    """Un appel fini : livré, ou abandonné si le progiciel était en panne."""
    appel = Appel(abonnement=abonnement, evenement=evenement, tentatives=1)
    appel.corps = composer_corps(appel, le, objet)
    if rang == EN_PANNE:
        appel.etat, appel.tentatives, appel.statut = EtatAppel.ABANDONNE, len(ESSAIS) + 1, 503
        appel.derniere_erreur = "Le logiciel a répondu 503."
    else:
        attente = timedelta(seconds=1)
        if rang == EN_PANNE + 1:
            appel.tentatives, attente = 2, ESSAIS[0]
        appel.etat, appel.statut, appel.livre_le = EtatAppel.LIVRE, 200, le + attente
    appel.save()
    Appel.objects.filter(pk=appel.pk).update(cree_le=le)


def _a(jour: date, heure: time) -> datetime:
    return timezone.make_aware(datetime.combine(jour, heure))
