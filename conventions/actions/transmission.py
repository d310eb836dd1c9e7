"""Informer avant, transmettre après : l'état des lieux à tous en même temps (RG-18), la convention aux autorités (RG-17)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from uuid import UUID

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast
from django.utils import timezone

from conventions.actions.brouillons import verrouiller_convention
from conventions.actions.pieces import Fichier, deposer_pdf
from conventions.chargement_autorites import (
    Destinataire as Autorite,
)
from conventions.chargement_autorites import (
    charger_autorites,
    charger_reservataires_du_departement,
    communes_des_droits,
)
from conventions.chargement_etat_des_lieux import charger_etat_des_lieux
from conventions.documents import convention_pdf, etat_des_lieux_pdf
from conventions.domaine.codes import EtatConvention
from conventions.models import Bailleur, Convention
from conventions.models.conventions import ConventionQuerySet
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
from flux_reservations.notifications.messages import MessageInformationPrealable, MessageTransmission
from flux_reservations.notifications.models import Envoi, EtatEnvoi, GenreEnvoi
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.relecture import exiger_la_version_lue
from flux_reservations.territoires.models import Departement

DONNEES_DE_L_ETAT_DES_LIEUX = "etat_des_lieux_donnees"
"""Genre de la pièce qui fige les données d'un état des lieux envoyé, à côté de son PDF."""


def transmettre_convention(*, acteur: Acteur, convention_id: int) -> list[Envoi]:
    """Transmet une convention signée au préfet et aux autorités de son périmètre, en un seul lot (RG-17).

    La pièce est la convention signée déposée, à défaut son texte. Une autorité absente du carnet reçoit par une voie à saisir. Une
    convention ne se transmet qu'une fois : lève `ErreurMetier` ensuite.
    """
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    with transaction.atomic():
        convention = verrouiller_convention(acteur, convention_id)
        if convention.etat != EtatConvention.SIGNEE:
            raise ErreurMetier("convention_non_signee", "Seule une convention signée se transmet.", regle="RG-17")
        if est_transmise(convention):
            raise ErreurMetier(
                "deja_transmise",
                "Cette convention est déjà transmise : relancez depuis le registre des envois.",
                regle="RG-17",
            )
        communes = communes_des_droits(convention)
        autorites = charger_autorites(convention.bailleur_id, convention.departement_id, communes)
        piece = convention.piece_signee or deposer_pdf(
            acteur=acteur,
            organisme_id=convention.bailleur_id,
            genre="convention",
            fichier=Fichier(f"convention-{convention.numero}.pdf", convention_pdf(convention)),
        )
        return deposer_lot(
            acteur=acteur,
            emetteur=convention.bailleur,
            message=MessageTransmission(convention.bailleur.nom, convention.numero, convention.reservataire.nom),
            destinataires=[_destinataire(autorite) for autorite in autorites],
            objet=Objet(ligne=convention, departement=convention.departement_id),
            piece=piece,
        )


def conventions_a_transmettre(acteur: Acteur, bailleur_id: int, departement_id: str) -> ConventionQuerySet:
    """Les versions signées du département qui n'ont été transmises à personne (RG-17) : les plus récentes de leur chaîne d'abord."""
    transmises = Envoi.objects.filter(
        genre=GenreEnvoi.TRANSMISSION,
        objet_type="conventions.convention",
        objet_cle=Cast(OuterRef("pk"), CharField()),
    )
    return (
        Convention.objects.modifiables_par(acteur)
        .signees()
        .filter(~Exists(transmises), bailleur_id=bailleur_id, departement_id=departement_id)
        .order_by("-date_signature", "numero")
    )


def est_transmise(convention: Convention) -> bool:
    """Vrai si une transmission de cette version est déposée."""
    return Envoi.objects.filter(
        genre=GenreEnvoi.TRANSMISSION, objet_type="conventions.convention", objet_cle=str(convention.pk)
    ).exists()


def informer_prealablement(
    *, acteur: Acteur, bailleur_id: int, departement_id: str, empreinte_lue: str | None = None
) -> list[Envoi]:
    """Envoie l'état des lieux du jour, au même instant, à tous les réservataires et aux présidents concernés (RG-18).

    Ses données sont gardées à côté de la pièce : leur empreinte est celle que le PDF porte. Lève `Conflit` si `empreinte_lue`,
    celle de l'état des lieux relu, n'est plus celle du jour.
    """
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    with transaction.atomic():
        bailleur = _verrouiller_bailleur(acteur, bailleur_id)
        departement = Departement.objects.get(pk=departement_id)
        etat = charger_etat_des_lieux(bailleur, departement, timezone.localdate())
        exiger_la_version_lue(empreinte_lue, etat.empreinte, regle="RG-18")
        piece = deposer_pdf(
            acteur=acteur,
            organisme_id=bailleur.pk,
            genre="etat_des_lieux",
            fichier=Fichier(f"etat-des-lieux-{departement_id}.pdf", etat_des_lieux_pdf(etat)),
        )
        Piece.objects.deposer(
            organisme_id=bailleur.pk,
            genre=DONNEES_DE_L_ETAT_DES_LIEUX,
            nom=f"etat-des-lieux-{departement_id}.json",
            type_mime="application/json",
            octets=etat.en_json(),
            utilisateur_id=acteur.utilisateur_id,
        )
        return deposer_lot(
            acteur=acteur,
            emetteur=bailleur,
            message=MessageInformationPrealable(bailleur.nom, departement.nom),
            destinataires=destinataires_de_l_information(bailleur_id, departement_id),
            objet=Objet(departement=departement_id, annee=timezone.localdate().year),
            piece=piece,
        )


def empreinte_envoyee(acteur: Acteur, departement_id: str, lot: UUID | None) -> str:
    """Empreinte des données de l'état des lieux parti dans ce lot ; vide sans lot, ou si l'envoi est antérieur à l'application."""
    envoi = Envoi.objects.visibles_par(acteur).filter(lot=lot).exclude(piece=None).first() if lot else None
    if envoi is None or envoi.piece_id is None:
        return ""
    # Le bailleur verrouillé, un état des lieux et ses données se déposent d'un bloc : celles d'avant le suivant sont les siennes.
    suivantes = Piece.objects.visibles_par(acteur).filter(organisme_id=acteur.organisme, pk__gt=envoi.piece_id)
    autre = suivantes.filter(genre="etat_des_lieux").order_by("pk").values_list("pk", flat=True).first()
    figees = suivantes.filter(genre=DONNEES_DE_L_ETAT_DES_LIEUX, nom=f"etat-des-lieux-{departement_id}.json")
    siennes = figees.filter(pk__lt=autre) if autre is not None else figees
    return siennes.order_by("pk").values_list("contenu_id", flat=True).first() or ""


def enregistrer_information_anterieure(
    *, acteur: Acteur, bailleur_id: int, departement_id: str, le: date, fichier: Fichier
) -> list[Envoi]:
    """Enregistre un état des lieux envoyé avant l'application : sa date et sa pièce font foi (RG-18)."""
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    if le > timezone.localdate():
        raise ErreurMetier("date_future", "Un envoi déjà fait a une date passée.", champ="le")
    with transaction.atomic():
        bailleur = _verrouiller_bailleur(acteur, bailleur_id)
        departement = Departement.objects.get(pk=departement_id)
        piece = deposer_pdf(acteur=acteur, organisme_id=bailleur.pk, genre="etat_des_lieux", fichier=fichier)
        instant = timezone.make_aware(datetime.combine(le, time(12)))
        destinataires = [
            Destinataire(un.nom, un.organisme_id, territoire=un.territoire)
            for un in destinataires_de_l_information(bailleur_id, departement_id)
        ]
        envois = deposer_lot(
            acteur=acteur,
            emetteur=bailleur,
            message=MessageInformationPrealable(bailleur.nom, departement.nom),
            destinataires=destinataires,
            objet=Objet(departement=departement_id, annee=le.year),
            piece=piece,
            depose_le=instant,
        )
        # Remis ce jour-là, hors de l'application : rien ne reste à envoyer.
        Envoi.objects.filter(pk__in=[envoi.pk for envoi in envois]).update(
            etat=EtatEnvoi.ENVOYE, envoye_le=instant, reference_voie="Envoi antérieur à l'application"
        )
        return envois


def destinataires_de_l_information(bailleur_id: int, departement_id: str) -> list[Destinataire]:
    """Tous les réservataires du département chez ce bailleur, puis les autorités du territoire ; chacun une fois."""
    reservataires = charger_reservataires_du_departement(bailleur_id, departement_id)
    destinataires = [Destinataire(un.nom, un.pk, un.courriel, un.territoire_id) for un in reservataires]
    deja = {un.pk for un in reservataires}
    autorites: Iterable[Autorite] = charger_autorites(bailleur_id, departement_id)
    destinataires += [_destinataire(un) for un in autorites if un.organisme is None or un.organisme.pk not in deja]
    return destinataires


def _destinataire(autorite: Autorite) -> Destinataire:
    """À qui l'on remet : l'organisme s'il est sur la plateforme, à l'adresse et par la voie du carnet."""
    organisme = autorite.organisme
    return Destinataire(autorite.nom, organisme.pk if organisme else None, autorite.courriel, autorite.territoire)


def _verrouiller_bailleur(acteur: Acteur, bailleur_id: int) -> Bailleur:
    bailleur = Bailleur.objects.modifiables_par(acteur).filter(pk=bailleur_id).select_for_update(of=("self",)).first()
    if bailleur is None:
        raise AccesRefuse
    return bailleur
