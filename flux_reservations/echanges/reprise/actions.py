"""Déposer le tableur du bailleur ; enregistrer des envois obligatoires faits avant l'application (RG-17, RG-60, RG-61)."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from typing import Final

from django.db import transaction
from django.utils import timezone

from conventions.actions.pieces import Fichier, deposer_pdf
from conventions.actions.transmission import destinataires_de_l_information
from conventions.models import Bailleur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.echanges.reprise.lecture import lire_tableur
from flux_reservations.notifications.models import Envoi, EtatEnvoi, GenreEnvoi, VoieEnvoi
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.journal import journaliser
from flux_reservations.territoires.models import Departement

GENRE_DU_TABLEUR: Final = "reprise"
GENRES: Final = {
    GenreEnvoi.BILAN: "Bilan annuel de l'année précédente (RG-60)",
    GenreEnvoi.INFORMATION_DEBUT_ANNEE: "Information de début d'année (RG-61)",
}
REFERENCE: Final = "fait avant l'application"


def deposer_le_decompte(*, acteur: Acteur, nom: str, octets: bytes) -> Piece:
    """Garde le tableur du bailleur, s'il se lit. Lève `ErreurMetier` avec le remède sinon."""
    bailleur = _bailleur(acteur, Role.GESTIONNAIRE)
    with transaction.atomic():
        piece: Piece = Piece.objects.deposer(
            organisme_id=bailleur.pk,
            genre=GENRE_DU_TABLEUR,
            nom=nom[:200],
            type_mime="application/octet-stream",
            octets=octets,
            utilisateur_id=acteur.utilisateur_id,
        )
        lire_tableur(piece)
    return piece


def enregistrer_envois_anterieurs(
    *, acteur: Acteur, genre: str, departement: str, annee: int, le: date, fichier: Fichier
) -> list[Envoi]:
    """Enregistre un envoi obligatoire fait avant l'application, à tous ses destinataires : rien ne repart, la pièce fait foi.

    Réservé au responsable. Lève `ErreurMetier` si la date est à venir, si l'envoi est déjà au registre ou si la pièce n'est pas un PDF.
    """
    bailleur = _bailleur(acteur, Role.RESPONSABLE)
    if genre not in GENRES:
        raise ErreurMetier("genre_inconnu", "Choisissez un envoi de la liste.", champ="genre")
    if le > timezone.localdate():
        raise ErreurMetier("date_future", "Un envoi déjà fait a une date passée.", champ="le")
    with transaction.atomic():
        lieu = Departement.objects.filter(pk=departement).first()
        if lieu is None:
            raise ErreurMetier("departement_inconnu", "Choisissez un département.", champ="departement")
        deja = Envoi.objects.filter(emetteur_id=bailleur.pk, genre=genre, departement=lieu, annee=annee)
        if deja.exists():
            raise ErreurMetier("deja_au_registre", "Cet envoi est déjà au registre.", champ="annee")
        destinataires = destinataires_de_l_information(bailleur.pk, lieu.pk)
        if not destinataires:
            raise ErreurMetier(
                "sans_destinataire", "Il n'y a personne à qui envoyer : importez vos conventions d'abord."
            )
        piece = deposer_pdf(acteur=acteur, organisme_id=bailleur.pk, genre="envoi_anterieur", fichier=fichier)
        lot, instant = uuid.uuid4(), timezone.make_aware(datetime.combine(le, time(12)))
        envois = Envoi.objects.bulk_create(
            Envoi(
                lot=lot,
                genre=genre,
                emetteur_id=bailleur.pk,
                destinataire_id=un.organisme_id,
                destinataire_nom=un.nom,
                departement=lieu,
                territoire_id=un.territoire,
                annee=annee,
                piece=piece,
                voie=VoieEnvoi.RECOMMANDE,
                objet=f"{GENRES[GenreEnvoi(genre)].partition(' (')[0]} {annee}, {lieu.nom}"[:200],
                etat=EtatEnvoi.ENVOYE,
                depose_le=instant,
                envoye_le=instant,
                reference_voie=REFERENCE,
            )
            for un in destinataires
        )
        apres = {
            "lot": lot,
            "genre": genre,
            "destinataires": len(envois),
            "depose_le": instant,
            "piece": piece.contenu_id,
        }
        journaliser(
            acteur=acteur,
            action="enregistrer_envois_anterieurs",
            objet=envois[0],
            organisme_id=bailleur.pk,
            apres=apres,
        )
    return envois


def _bailleur(acteur: Acteur, role: Role) -> Bailleur:
    bailleur = Bailleur.objects.modifiables_par(acteur).filter(pk=acteur.organisme).first()
    if bailleur is None or not acteur.peut(role):
        raise AccesRefuse
    return bailleur
