"""De quoi signer et transmettre en nombre : des conventions proposées, des pièces, un ouvrier."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import SimpleUploadedFile

from conventions.actions.en_nombre import SignatureVoulue, preparer_signatures
from conventions.actions.pieces import Fichier
from conventions.domaine.codes import EtatConvention
from conventions.models import Bailleur, Convention
from flux_reservations.commun.acteur import Acteur
from flux_reservations.embarque.donnees_demo.envois import page_pdf
from flux_reservations.series.actions.mener import avancer
from flux_reservations.series.models import Serie
from tests.fabriques import (
    creer_convention,
    creer_reservataire,
)

if TYPE_CHECKING:
    pass


JOUR = date(2026, 1, 5)
PDF = page_pdf(("Convention signée",))


def proposees(bailleur: Bailleur, *codes: str, taux: str = "10") -> list[Convention]:
    """Une convention proposée par code, son code pour numéro."""
    return [
        creer_convention(
            bailleur,
            creer_reservataire(code),
            [(taux, "", "departement:94")],
            numero=f"2026-{code}",
            etat=EtatConvention.PROPOSEE,
        )
        for code in codes
    ]


def vouloir(convention: Convention, *fichiers: bytes, **options: Any) -> SignatureVoulue:
    """Une convention cochée, ses fichiers."""
    return SignatureVoulue(
        convention.pk,
        options.get("bailleur", JOUR),
        options.get("reservataire", JOUR),
        options.get("effet"),
        tuple(Fichier(f"{convention.numero}-{rang}.pdf", octets) for rang, octets in enumerate(fichiers)),
    )


def preparer(acteur: Acteur, *voulues: SignatureVoulue, **options: Any) -> Serie:
    """La série préparée dans le Val-de-Marne."""
    return preparer_signatures(acteur=acteur, departement="94", voulues=voulues, **options)


def mener(serie: Serie) -> None:
    """Fait le travail de l'ouvrier, jusqu'au bout."""
    while avancer(serie.pk):
        pass


def etats(serie: Serie) -> list[str]:
    """L'état de chaque ligne, dans l'ordre."""
    return list(serie.actes.values_list("etat", flat=True))


def fichier(nom: str, octets: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(nom, octets, "application/pdf")
