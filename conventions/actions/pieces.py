"""Déposer une pièce : vérifiée d'abord, écrite ensuite (RG-16, RG-17)."""

from __future__ import annotations

from dataclasses import dataclass

from conventions.domaine.pieces import verifier_pdf
from flux_reservations.commun.acteur import Acteur
from flux_reservations.pieces.models import Piece

TYPE_PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Fichier:
    """Un fichier tel qu'il a été déposé."""

    nom: str
    octets: bytes


def deposer_pdf(*, acteur: Acteur, organisme_id: int, genre: str, fichier: Fichier) -> Piece:
    """Garde un PDF au nom d'un organisme ; lève `ErreurMetier` avant d'écrire quoi que ce soit si ce n'en est pas un."""
    verifier_pdf(fichier.octets)
    piece: Piece = Piece.objects.deposer(
        organisme_id=organisme_id,
        genre=genre,
        nom=fichier.nom[:200],
        type_mime=TYPE_PDF,
        octets=fichier.octets,
        utilisateur_id=acteur.utilisateur_id,
    )
    return piece
