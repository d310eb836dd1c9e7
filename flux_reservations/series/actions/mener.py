"""Mener une série à bien : un acte par transaction, repris s'il est interrompu, jamais fait deux fois (RG-16, RG-17, RG-63).

L'acte et la ligne qui le dit fait sont écrits ensemble : tué entre deux, l'ouvrier ne laisse ni acte oublié, ni acte à refaire.
"""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.pieces.models import Piece
from flux_reservations.series.genres import genre_de
from flux_reservations.series.models import GENRE_EN_ATTENTE, ActeDeSerie, EtatActe, Serie
from flux_reservations.socle import rls
from flux_reservations.socle.relecture import LectureDepassee
from flux_reservations.socle.taches import envoyer_apres_validation, envoyer_la_tache

logger = logging.getLogger(__name__)
TACHE = "series.avancer"
PREPARER_DE_NOUVEAU = (
    "Réessayer cette ligne la refuserait encore : préparez-la de nouveau, ou faites l'acte depuis sa page."
)
TENTATIVES_AU_PLUS = 5
"""Essais commencés sans jamais finir avant de refuser la ligne : un acte qui tue son processus ne bloque pas les autres."""


def avancer(serie_id: int) -> bool:
    """Fait le prochain acte d'une série confirmée ; vrai s'il faut continuer, faux si tout est fait ou si un autre s'en charge."""
    cle = _entamer(serie_id)
    if cle is None:
        return False
    with transaction.atomic():
        serie = _prendre(serie_id)
        if serie is None:
            return False
        acte = serie.actes.filter(pk=cle, etat=EtatActe.PRET).select_related("piece").first()
        if acte is not None:
            _faire(serie, acte)
    return True


def _prendre(serie_id: int) -> Serie | None:
    """La série verrouillée, si personne d'autre ne la mène : ses actes se font l'un après l'autre, dans l'ordre."""
    return (
        Serie.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(pk=serie_id, confirmee_le__isnull=False)
        .first()
    )


def _entamer(serie_id: int) -> int | None:
    """Note qu'on commence le prochain acte : s'il tue son processus à chaque fois, il finira refusé."""
    with transaction.atomic():
        serie = _prendre(serie_id)
        acte = serie.actes.filter(etat=EtatActe.PRET).order_by("tentatives", "rang").first() if serie else None
        if acte is None:
            return None
        if acte.tentatives >= TENTATIVES_AU_PLUS:
            message = (
                f"L'acte s'est arrêté {acte.tentatives} fois sans finir, et rien n'est écrit : faites-le depuis sa page ; si cela "
                "recommence, donnez à l'exploitant de la plateforme l'adresse de celle-ci."
            )
            _conclure(acte, EtatActe.REFUSE, message)
        else:
            ActeDeSerie.objects.filter(pk=acte.pk).update(tentatives=F("tentatives") + 1)
        return acte.pk


def _faire(serie: Serie, acte: ActeDeSerie) -> None:
    """L'acte, au nom de qui a confirmé et avec ses seuls droits ; un refus défait tout ce qu'il avait commencé."""
    try:
        with transaction.atomic():
            acteur = _acteur_de(serie)
            with rls.pour_acteur(acteur):
                message = genre_de(serie).executer(acteur, acte)
    except ErreurMetier as erreur:
        # La série garde ce qui a été lu à sa préparation : « Réessayer » comparerait encore à cette lecture-là.
        remede = f" {PREPARER_DE_NOUVEAU}" if isinstance(erreur, LectureDepassee) else ""
        _conclure(acte, EtatActe.REFUSE, f"{erreur.message}{remede}", erreur.regle)
    else:
        _conclure(acte, EtatActe.FAIT, message)
        _oublier_la_piece(acte)


def _acteur_de(serie: Serie) -> Acteur:
    """La personne qui a confirmé, avec son rôle d'aujourd'hui. Lève `ErreurMetier` si elle est partie."""
    rattachement = (
        Rattachement.objects.actifs()
        .select_related("organisme", "utilisateur")
        .filter(utilisateur_id=serie.confirmee_par_id or 0, organisme_id=serie.organisme_id)
        .first()
    )
    if rattachement is None:
        raise ErreurMetier(
            "confirmant_parti", "La personne qui a confirmé n'a plus accès : un responsable peut réessayer cette ligne."
        )
    acteur = rattachement.acteur()
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    return acteur


def _conclure(acte: ActeDeSerie, etat: EtatActe, message: str, regle: str = "") -> None:
    ActeDeSerie.objects.filter(pk=acte.pk).update(etat=etat, message=message, regle=regle, fini_le=timezone.now())
    logger.info("série=%s rang=%s %s", acte.serie_id, acte.rang, etat.value)


def _oublier_la_piece(acte: ActeDeSerie) -> None:
    """La pièce en attente a servi : l'acte en a gardé la sienne, du même contenu."""
    if acte.piece_id is not None:
        ActeDeSerie.objects.filter(pk=acte.pk).update(piece=None)
        Piece.objects.filter(pk=acte.piece_id, genre=GENRE_EN_ATTENTE).delete()


def reprendre_les_series() -> int:
    """Chaque minute : relance celles dont il reste des actes, au cas où leur processus est mort ; rend leur nombre."""
    cles = list(Serie.objects.en_travail().values_list("pk", flat=True))
    for cle in cles:
        envoyer_la_tache(TACHE, cle)
    return len(cles)


def lancer(serie_id: int) -> None:
    """Confie la série à l'ouvrier dès que la transaction est validée."""
    envoyer_apres_validation(TACHE, serie_id)
