"""Ce qu'on écrit au réservataire d'un logement : mis à disposition, à relancer, en carence, repris (RG-46, RG-66, RG-67).

La boîte partagée du secteur dont relève le logement reçoit les mêmes courriels : qui a su la mise à disposition en sait la suite.
Un courriel ne porte ni adresse ni numéro : un lien vers la page du logement. Tout passe par la file d'envois, dans la transaction de
l'acte : l'acte et son annonce tiennent, ou tombent, ensemble.
"""

from __future__ import annotations

import logging
from datetime import date

from django.db import transaction
from django.urls import reverse

from attributions.actions.parcours import verrouiller_orientation
from attributions.chargement.parcours import avec_parcours, conventions_en_cause, lire_parcours
from attributions.domaine.parcours import limite_de_presentation, relance_due
from attributions.models import Orientation
from attributions.pdf import fiche_du_logement
from conventions.models import Convention
from flux_reservations.acces.boites import boites_du_logement
from flux_reservations.commun.acteur import Acteur, service_de
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
from flux_reservations.notifications.messages import (
    Message,
    MessageCarence,
    MessageMiseADisposition,
    MessageRelanceDesCandidats,
    MessageReprise,
)
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.pieces.models import Piece

logger = logging.getLogger(__name__)
OBJET = "attributions.orientation"


def notifier_la_mise_a_disposition(acteur: Acteur, orientation: Orientation, convention: Convention | None) -> None:
    """Dépose la fiche du logement au portail du titulaire (et de son délégataire) ; le courriel n'en dit que l'échéance."""
    limite = limite_de_presentation(lire_parcours(orientation, convention))
    piece: Piece = Piece.objects.deposer(
        organisme_id=orientation.liberation.bailleur_id,
        genre="fiche_logement",
        nom=f"logement-{orientation.liberation.numero}-{orientation.rang}.pdf"[:200],
        type_mime="application/pdf",
        octets=fiche_du_logement(orientation, convention, limite),
        utilisateur_id=acteur.utilisateur_id,
    )
    message = MessageMiseADisposition(orientation.liberation.bailleur.nom, limite)
    _ecrire(acteur, orientation, convention, message, piece)


def annoncer_la_carence(acteur: Acteur, orientation: Orientation, convention: Convention | None, limite: date) -> None:
    """Dit au titulaire que le délai est passé, ce qui est décompté, et où le contester."""
    est_decomptee = convention is None or convention.carence_decomptee
    message = MessageCarence(orientation.liberation.bailleur.nom, limite, est_decomptee)
    _ecrire(acteur, orientation, convention, message)


def annoncer_la_reprise(acteur: Acteur, orientation: Orientation) -> None:
    """Dit au titulaire que le logement, déjà mis à sa disposition, est repris sans décompte."""
    chargee = avec_parcours(Orientation.objects.filter(pk=orientation.pk)).get()
    convention = conventions_en_cause([chargee]).get(chargee.pk)
    _ecrire(acteur, chargee, convention, MessageReprise(chargee.liberation.bailleur.nom))


def relancer(*, acteur: Acteur, orientation_id: int, le: date) -> list[Envoi]:
    """Relance le titulaire d'un logement sans candidat, si une relance est due et n'est pas déjà partie (RG-67).

    L'orientation est verrouillée le temps de l'écrire : deux processus, ou une tâche reprise, n'en envoient qu'une.
    """
    with transaction.atomic():
        orientation, convention, parcours = verrouiller_orientation(
            acteur, orientation_id, permises=Orientation.objects.modifiables_par(acteur)
        )
        due = relance_due(parcours, le)
        if due is None:
            return []
        message = MessageRelanceDesCandidats(orientation.liberation.bailleur.nom, *due)
        deja = Envoi.objects.filter(
            objet_type=OBJET, objet_cle=str(orientation.pk), genre=GenreEnvoi.RAPPEL, objet=message.objet_d_une_ligne()
        )
        return [] if deja.exists() else _ecrire(acteur, orientation, convention, message)


def relancer_les_reservataires(*, acteur: Acteur, le: date) -> list[Envoi]:
    """Envoie chaque relance due ce jour-là, une fois chacune (tâche quotidienne)."""
    attente = (
        Orientation.objects.modifiables_par(acteur)
        .en_cours()
        .filter(reservataire__isnull=False, date_mise_a_disposition__isnull=False, date_proposition__isnull=True)
    )
    orientations = list(avec_parcours(attente).order_by("pk"))
    conventions = conventions_en_cause(orientations)
    envois: list[Envoi] = []
    for orientation in orientations:
        if relance_due(lire_parcours(orientation, conventions.get(orientation.pk)), le) is None:
            continue
        try:
            envois += relancer(acteur=acteur, orientation_id=orientation.pk, le=le)
        except ErreurMetier as refus:
            logger.info("orientation=%s : %s, réglé entre-temps", orientation.pk, refus.code)
    return envois


def _ecrire(
    acteur: Acteur,
    orientation: Orientation,
    convention: Convention | None,
    message: Message,
    piece: Piece | None = None,
) -> list[Envoi]:
    """Au titulaire, à son délégataire, à leurs boîtes de secteur.

    Sans courriel, seule une mise à disposition se remet par une autre voie, à saisir.
    """
    liberation = orientation.liberation
    destinataires = [un for un in _destinataires(orientation, convention) if un.courriel or piece is not None]
    if not destinataires:
        return []
    return deposer_lot(
        acteur=acteur,
        emetteur=liberation.bailleur,
        message=message,
        destinataires=destinataires,
        objet=Objet(
            orientation,
            liberation.logement.commune.departement_id,
            page=reverse("logement_a_pourvoir", args=[orientation.pk]),
            service=service_de(orientation.sous_contingent).value,
        ),
        piece=piece,
    )


def _destinataires(orientation: Orientation, convention: Convention | None) -> list[Destinataire]:
    titulaire = orientation.reservataire
    if titulaire is None:
        return []
    organismes = {titulaire.pk: Destinataire(titulaire.nom, titulaire.pk, titulaire.courriel)}
    delegataire = convention.delegataire if convention else None
    if delegataire is not None and delegataire.pk != orientation.liberation.bailleur_id:
        organismes.setdefault(delegataire.pk, Destinataire(delegataire.nom, delegataire.pk, delegataire.courriel))
    return [*organismes.values(), *_boites(orientation, organismes)]


def _boites(orientation: Orientation, organismes: dict[int, Destinataire]) -> list[Destinataire]:
    """Les boîtes de leurs secteurs : l'envoi déposé au portail reste celui de l'organisme, qui seul en accuse réception."""
    deja = {un.courriel.lower() for un in organismes.values()}
    boites = boites_du_logement(organismes, orientation.liberation.logement.commune_id)
    return [Destinataire(une.nom, None, une.courriel) for une in boites if une.courriel.lower() not in deja]
