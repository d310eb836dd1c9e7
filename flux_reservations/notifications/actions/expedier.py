"""Expédier les courriels de la file : aucun perdu, un doublon possible se dit incertain (RG-66).

Deux transactions par envoi. La première prend la ligne (`en_cours`) et se valide : on saura qu'un essai a commencé. La seconde verrouille
la ligne, parle au serveur, enregistre sa réponse. Si le processus meurt, son verrou tombe et la ligne reste `en_cours` : le rattrapage
la dit `incertain` et la renvoie sous le même Message-ID. Un processus lent mais vivant garde son verrou : personne ne le double.
"""

from __future__ import annotations

import logging
import smtplib
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone

from flux_reservations.commun.acteur import Acteur
from flux_reservations.notifications.courriel import composer
from flux_reservations.notifications.domaine.cycle_de_vie import recul, verifier_transition
from flux_reservations.notifications.models import Envoi, EtatEnvoi, GenreEnvoi
from flux_reservations.socle.journal import journaliser

logger = logging.getLogger(__name__)
INTERVALLE_ENTRE_LES_DEUX_TRANSACTIONS = timedelta(seconds=5)
"""Temps laissé à un processus vivant entre sa prise et son verrou, avant de le croire mort."""
REFUS_DEFINITIF = 500
_JOURNALISTE = Acteur.systeme("file d'envois")


@dataclass(slots=True)
class Tournee:
    """Ce qu'une tournée a fait, en nombre d'envois."""

    envoyes: int = 0
    incertains: int = 0
    echecs: int = 0
    repris: int = 0


class Facteur:
    """Une liaison au serveur de courriel, ouverte au premier envoi et rouverte après une rupture."""

    def __init__(self) -> None:
        self._liaison: BaseEmailBackend | None = None

    def ouvrir(self) -> None:
        """Ouvre la liaison ; lève `OSError` ou `SMTPException` : rien n'a été accepté, c'est certain."""
        if self._liaison is None:
            liaison = get_connection()
            liaison.open()
            self._liaison = liaison

    def remettre(self, envoi: Envoi) -> None:
        """Remet un courriel au serveur ; rend la main quand il l'a accepté."""
        assert self._liaison is not None  # noqa: S101 : `ouvrir` précède
        self._liaison.send_messages([composer(envoi)])

    def fermer(self) -> None:
        """Ferme la liaison, même rompue."""
        if self._liaison is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._liaison.close()
            self._liaison = None


def expedier(lot: uuid.UUID | None = None, *, maximum: int = 500) -> Tournee:
    """Expédie ce qui attend, d'un lot ou de toute la file ; s'arrête si le serveur est injoignable. Plusieurs peuvent tourner."""
    tournee, facteur = Tournee(), Facteur()
    try:
        for _ in range(maximum):
            pris = _prendre(lot)
            if pris is None or not _expedier_un(pris, facteur, tournee):
                break
    finally:
        facteur.fermer()
    return tournee


def reprendre_les_abandonnes(lot: uuid.UUID | None = None) -> int:
    """Dit `incertain` ce qu'un processus mort a laissé `en_cours` : le courriel est peut-être parti (RG-66)."""
    maintenant = timezone.now()
    with transaction.atomic():
        abandonnes = list(
            Envoi.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(etat=EtatEnvoi.EN_COURS, pris_le__lt=maintenant - INTERVALLE_ENTRE_LES_DEUX_TRANSACTIONS)
            .filter(**({"lot": lot} if lot else {}))
        )
        for envoi in abandonnes:
            _rendre_incertain(envoi, "Le processus qui envoyait s'est arrêté : le courriel est peut-être parti.")
    return len(abandonnes)


def _prendre(lot: uuid.UUID | None) -> Envoi | None:
    """Prend le prochain envoi dû, et le valide `en_cours` ; None s'il n'y en a plus."""
    maintenant = timezone.now()
    with transaction.atomic():
        envoi = (
            Envoi.objects.select_for_update(skip_locked=True, of=("self",))
            .a_expedier(maintenant)
            .filter(**({"lot": lot} if lot else {}))
            .order_by("depose_le", "pk")
            .first()
        )
        if envoi is None:
            return None
        verifier_transition(envoi.etat, EtatEnvoi.EN_COURS)
        envoi.etat, envoi.pris_le, envoi.tentatives = EtatEnvoi.EN_COURS, maintenant, envoi.tentatives + 1
        envoi.save(update_fields=["etat", "pris_le", "tentatives"])
    return envoi


def _expedier_un(pris: Envoi, facteur: Facteur, tournee: Tournee) -> bool:
    """Parle au serveur sous verrou et enregistre sa réponse ; faux si le serveur est injoignable."""
    with transaction.atomic():
        envoi = (
            Envoi.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(pk=pris.pk, etat=EtatEnvoi.EN_COURS, pris_le=pris.pris_le)
            .first()
        )
        if envoi is None:
            return True
        try:
            facteur.ouvrir()
        except (OSError, smtplib.SMTPException) as erreur:
            _echouer(envoi, f"Serveur de courriel injoignable : {erreur}", tournee)
            return False
        try:
            facteur.remettre(envoi)
        except smtplib.SMTPServerDisconnected as erreur:
            return _rompre(envoi, erreur, facteur, tournee)
        except smtplib.SMTPException as erreur:
            _echouer(envoi, str(erreur), tournee, definitif=_est_definitif(erreur))
        except OSError as erreur:
            return _rompre(envoi, erreur, facteur, tournee)
        except ValueError as erreur:  # un en-tête ou une adresse que le courriel n'admet pas : lui seul ne part pas
            facteur.fermer()
            _echouer(envoi, f"Ce courriel ne peut pas s'écrire : {erreur}", tournee, definitif=True)
        else:
            _reussir(envoi, tournee)
    return True


def _reussir(envoi: Envoi, tournee: Tournee) -> None:
    etat = EtatEnvoi.REPRIS if envoi.incertain_le else EtatEnvoi.ENVOYE
    verifier_transition(envoi.etat, etat)
    envoi.etat, envoi.envoye_le, envoi.prochain_essai_le, envoi.derniere_erreur = etat, timezone.now(), None, ""
    if envoi.genre == GenreEnvoi.INVITATION:  # son lien ouvre un accès : parti, il n'est plus gardé
        envoi.corps = ""
    envoi.save(update_fields=["etat", "envoye_le", "prochain_essai_le", "derniere_erreur", "corps"])
    tournee.envoyes += 1
    tournee.repris += etat == EtatEnvoi.REPRIS


def _rompre(envoi: Envoi, erreur: Exception, facteur: Facteur, tournee: Tournee) -> bool:
    """La liaison s'est rompue pendant la remise : le serveur a peut-être accepté."""
    facteur.fermer()
    _rendre_incertain(envoi, f"Liaison rompue pendant la remise : {erreur}")
    tournee.incertains += 1
    return False


def _rendre_incertain(envoi: Envoi, raison: str) -> None:
    verifier_transition(envoi.etat, EtatEnvoi.INCERTAIN)
    maintenant = timezone.now()
    envoi.etat, envoi.derniere_erreur = EtatEnvoi.INCERTAIN, raison
    envoi.incertain_le, envoi.prochain_essai_le = maintenant, maintenant
    envoi.save(update_fields=["etat", "derniere_erreur", "incertain_le", "prochain_essai_le"])
    journaliser(
        acteur=_JOURNALISTE,
        action="envoi_incertain",
        objet=envoi,
        organisme_id=envoi.emetteur_id,
        apres={"message_id": envoi.message_id, "tentative": envoi.tentatives},
    )


def _echouer(envoi: Envoi, raison: str, tournee: Tournee, *, definitif: bool = False) -> None:
    """Rien n'a été accepté : nouvel essai après un recul croissant, ou échec définitif."""
    verifier_transition(envoi.etat, EtatEnvoi.ECHEC)
    attente = None if definitif else recul(envoi.tentatives)
    envoi.etat, envoi.derniere_erreur = EtatEnvoi.ECHEC, raison[:2000]
    envoi.prochain_essai_le = timezone.now() + attente if attente else None
    envoi.save(update_fields=["etat", "derniere_erreur", "prochain_essai_le"])
    tournee.echecs += 1
    logger.warning("envoi=%s en échec, tentative=%s", envoi.pk, envoi.tentatives)


def _est_definitif(erreur: smtplib.SMTPException) -> bool:
    """Vrai si le serveur refuse pour de bon (5xx) : adresse inconnue, message refusé."""
    if isinstance(erreur, smtplib.SMTPRecipientsRefused):
        return all(code >= REFUS_DEFINITIF for code, _ in erreur.recipients.values())
    return isinstance(erreur, smtplib.SMTPResponseException) and erreur.smtp_code >= REFUS_DEFINITIF
