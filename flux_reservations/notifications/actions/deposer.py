"""Déposer un lot d'envois : une transaction, une même date, une même pièce (RG-18, RG-66)."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.notifications.courriel import message_id_de
from flux_reservations.notifications.messages import Message
from flux_reservations.notifications.models import Envoi, EtatEnvoi, VoieEnvoi
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.journal import journaliser
from flux_reservations.socle.taches import envoyer_apres_validation

logger = logging.getLogger(__name__)
TACHE_D_EXPEDITION = "notifications.expedier_lot"


@dataclass(frozen=True, slots=True)
class Destinataire:
    """À qui l'on remet. `organisme_id` vide : hors de la plateforme ; sans courriel, la remise se fait par une autre voie, saisie."""

    nom: str
    organisme_id: int | None = None
    courriel: str = ""
    territoire: str | None = None


@dataclass(frozen=True, slots=True)
class Objet:
    """Ce sur quoi porte un lot : une ligne, un département, une année ; la page du lien, le service de l'État qu'il regarde."""

    ligne: models.Model | None = None
    departement: str | None = None
    annee: int | None = None
    page: str = ""
    service: str = ""


def deposer_lot(
    *,
    acteur: Acteur,
    emetteur: Organisme,
    message: Message,
    destinataires: Sequence[Destinataire],
    objet: Objet,
    piece: Piece | None = None,
    depose_le: datetime | None = None,
) -> list[Envoi]:
    """Dépose le même envoi chez tous, à la même date : c'est l'acte. Les courriels partent ensuite, un par un, sans se perdre.

    Un destinataire sans courriel reçoit par une voie à saisir (`enregistrer_remise`). Lève `ErreurMetier` sans destinataire.
    """
    if not destinataires:
        raise ErreurMetier(
            "sans_destinataire", "Il n'y a personne à qui envoyer : vérifiez les conventions du département."
        )
    lot, instant = uuid.uuid4(), depose_le or timezone.now()
    with transaction.atomic():
        envois = Envoi.objects.bulk_create(
            [_preparer(un, lot, instant, emetteur, message, objet, piece) for un in destinataires]
        )
        journaliser(
            acteur=acteur,
            action="deposer_envois",
            objet=envois[0],
            organisme_id=emetteur.pk,
            apres={
                "lot": lot,
                "genre": message.genre.value,
                "destinataires": len(envois),
                "depose_le": instant,
                "piece": piece.contenu_id if piece else "",
            },
        )
        demander_l_expedition(lot)
    return envois


def _preparer(
    destinataire: Destinataire,
    lot: uuid.UUID,
    instant: datetime,
    emetteur: Organisme,
    message: Message,
    objet: Objet,
    piece: Piece | None,
) -> Envoi:
    envoi = Envoi(
        lot=lot,
        genre=message.genre.value,
        objet_type=objet.ligne._meta.label_lower if objet.ligne else "",
        objet_cle=str(objet.ligne.pk) if objet.ligne else "",
        emetteur_id=emetteur.pk,
        destinataire_id=destinataire.organisme_id,
        service=objet.service,
        destinataire_nom=destinataire.nom,
        courriel=destinataire.courriel,
        departement_id=objet.departement,
        territoire_id=destinataire.territoire,
        annee=objet.annee,
        piece=piece,
        voie=VoieEnvoi.COURRIEL if destinataire.courriel else VoieEnvoi.RECOMMANDE,
        objet=message.objet_d_une_ligne(),
        etat=EtatEnvoi.PREVU,
        depose_le=instant,
    )
    envoi.message_id = message_id_de(envoi)
    envoi.corps = message.corps(adresse_publique(objet.page or envoi.adresse_de_remise))
    return envoi


def adresse_publique(chemin: str) -> str:
    """Adresse complète d'une page, telle qu'on l'écrit dans un courriel."""
    return f"{settings.SITE_URL.rstrip('/')}{chemin}"


def demander_l_expedition(lot: uuid.UUID) -> None:
    """Lance l'expédition dès que la transaction est validée ; sans courtier, le rattrapage périodique s'en charge."""
    envoyer_apres_validation(TACHE_D_EXPEDITION, lot)
