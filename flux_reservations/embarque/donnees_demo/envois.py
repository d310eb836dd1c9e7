"""Les envois du passé : l'état des lieux d'avant 2023 (RG-18), la transmission de chaque convention signée (RG-17)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final

from django.utils import timezone

from conventions.actions.transmission import destinataires_de_l_information
from conventions.chargement_autorites import charger_autorites, communes_des_droits
from conventions.domaine.codes import EtatConvention
from conventions.models import Bailleur, Convention
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Acteur
from flux_reservations.embarque.donnees_demo.conventions import EFFET
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
from flux_reservations.notifications.messages import Message, MessageInformationPrealable, MessageTransmission
from flux_reservations.notifications.models import Envoi, EtatEnvoi
from flux_reservations.pieces.models import Piece

DEPARTEMENT: Final = "94"
NOM_DU_DEPARTEMENT: Final = "Val-de-Marne"
NON_TRANSMISES: Final = frozenset({"MUTUELLE"})
"""Conventions signées que le bailleur a oublié de transmettre : l'écran de l'État les réclame."""
_MARGE_GAUCHE, _HAUT, _INTERLIGNE = 72, 760, 22


def ecrire_envois(bailleur: Bailleur, prefixe: str, conventions: Iterable[Convention], agent: Utilisateur) -> int:
    """Dépose les envois réglementaires déjà faits, à leur date, tous reçus ; rend combien."""
    acteur = Acteur.systeme("reprise de la démonstration")
    informes = destinataires_de_l_information(bailleur.pk, DEPARTEMENT)
    nombre = _deposer(
        acteur,
        bailleur,
        MessageInformationPrealable(bailleur.nom, NOM_DU_DEPARTEMENT),
        informes,
        Objet(departement=DEPARTEMENT, annee=EFFET[prefixe].year),
        _piece(
            bailleur,
            agent,
            "etat_des_lieux",
            "etat-des-lieux-94.pdf",
            ("État des lieux avant le passage en flux", bailleur.nom),
        ),
        EFFET[prefixe] - timedelta(days=75),
    )
    for convention in conventions:
        if convention.etat != EtatConvention.SIGNEE or convention.reservataire.code in NON_TRANSMISES:
            continue
        autorites = charger_autorites(bailleur.pk, DEPARTEMENT, communes_des_droits(convention))
        lignes = (
            f"Convention de réservation {convention.numero}",
            f"{bailleur.nom} - {convention.reservataire.nom}",
            f"Signée le {convention.date_signature:%d/%m/%Y}, effet le {convention.date_effet:%d/%m/%Y}",
        )
        piece = _piece(bailleur, agent, "convention", f"convention-{convention.numero}.pdf", lignes)
        convention.piece_signee = piece
        convention.save(update_fields=["piece_signee"])
        nombre += _deposer(
            acteur,
            bailleur,
            MessageTransmission(bailleur.nom, convention.numero, convention.reservataire.nom),
            [
                Destinataire(
                    un.nom,
                    un.organisme.pk if un.organisme else None,
                    un.organisme.courriel if un.organisme else "",
                    un.territoire,
                )
                for un in autorites
            ],
            Objet(ligne=convention, departement=DEPARTEMENT),
            piece,
            (convention.date_signature or EFFET[prefixe]) + timedelta(days=4),
        )
    return nombre


def _deposer(
    acteur: Acteur,
    bailleur: Bailleur,
    message: Message,
    destinataires: list[Destinataire],
    objet: Objet,
    piece: Piece,
    le: date,
) -> int:
    """Un lot déposé, parti et reçu ce jour-là : rien n'est à expédier de nouveau."""
    instant = timezone.make_aware(datetime.combine(le, time(10, 30)))
    envois = deposer_lot(
        acteur=acteur,
        emetteur=bailleur,
        message=message,
        destinataires=destinataires,
        objet=objet,
        piece=piece,
        depose_le=instant,
    )
    Envoi.objects.filter(lot=envois[0].lot).update(
        etat=EtatEnvoi.RECU, envoye_le=instant, recu_le=instant + timedelta(days=2), recu_par="Service du logement"
    )
    return len(envois)


def _piece(bailleur: Bailleur, agent: Utilisateur, genre: str, nom: str, lignes: tuple[str, ...]) -> Piece:
    piece: Piece = Piece.objects.deposer(
        organisme_id=bailleur.pk,
        genre=genre,
        nom=nom,
        type_mime="application/pdf",
        octets=page_pdf(lignes),
        utilisateur_id=agent.pk,
    )
    return piece


def page_pdf(lignes: tuple[str, ...]) -> bytes:
    """Une page PDF de quelques lignes : la pièce d'un acte d'avant l'application, sans lancer une mise en page par convention."""
    textes = [
        f"BT /F1 {16 if rang == 0 else 12} Tf {_MARGE_GAUCHE} {_HAUT - rang * _INTERLIGNE * 2} Td ({_echapper(ligne)}) Tj ET"
        for rang, ligne in enumerate((*lignes, "Pièce de démonstration, sans valeur."))
    ]
    flux = "\n".join(textes).encode("cp1252", errors="replace")
    objets = (
        b"<< /Type /Catalog /Pages 2 0 R /Lang (fr-FR) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(flux), flux),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    sortie, positions = bytearray(b"%PDF-1.4\n"), []
    for numero, objet in enumerate(objets, start=1):
        positions.append(len(sortie))
        sortie += b"%d 0 obj\n%s\nendobj\n" % (numero, objet)
    debut = len(sortie)
    sortie += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objets) + 1)
    sortie += b"".join(b"%010d 00000 n \n" % position for position in positions)
    sortie += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objets) + 1, debut)
    return bytes(sortie)


def _echapper(texte: str) -> str:
    """Un texte entre parenthèses PDF."""
    return texte.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
