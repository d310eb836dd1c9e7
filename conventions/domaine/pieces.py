"""Ce qu'est une pièce qu'on dépose : un vrai PDF, entier, d'une taille bornée, sans rien qui s'exécute (RG-16, RG-17)."""

from __future__ import annotations

import re
import zlib
from typing import Final

from flux_reservations.commun.erreurs import ErreurMetier

TAILLE_MAXIMALE: Final = 20 * 1024 * 1024
"""Octets d'une pièce déposée."""
_FENETRE: Final = 2048
"""Où chercher le début et la fin d'un PDF : quelques octets peuvent les entourer."""
_ACTIF: Final = re.compile(rb"/(JavaScript|Launch|EmbeddedFile|RichMedia|Rendition)(?![A-Za-z0-9])")
"""Noms sans lesquels rien ne s'exécute : un script est une action « JavaScript » ou « Rendition » (ISO 32000-1, 12.6.4)."""
_ACTIF_EN_CLAIR: Final = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFile|RichMedia|Rendition)(?![A-Za-z0-9])")
"""Les mêmes et « JS » : trois octets, qu'une image numérisée porte par hasard ; il ne se cherche que là où le texte est en clair."""
_ECHAPPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_OBJETS: Final = re.compile(rb"/ObjStm\b.{0,400}?stream\r?\n", re.DOTALL)
_DECOMPRESSE_AU_PLUS: Final = 8 * 1024 * 1024


def verifier_pdf(octets: bytes, champ: str = "piece") -> None:
    """Lève `ErreurMetier` si ces octets ne sont pas un PDF entier : le nom et le type annoncés ne prouvent rien."""
    if not octets:
        raise ErreurMetier("piece_vide", "Ce fichier est vide : déposez le PDF.", champ=champ)
    if len(octets) > TAILLE_MAXIMALE:
        raise ErreurMetier("piece_trop_lourde", MESSAGE_TAILLE, champ=champ)
    if not octets.lstrip(b"\r\n\t \xef\xbb\xbf").startswith(b"%PDF-"):
        raise ErreurMetier(
            "piece_pas_un_pdf", "Ce fichier n'est pas un PDF : numérisez ou exportez le document en PDF.", champ=champ
        )
    fin = octets[-_FENETRE:]
    if b"%%EOF" not in fin or b"startxref" not in fin:
        raise ErreurMetier(
            "piece_tronquee", "Ce PDF est incomplet ou abîmé : exportez-le de nouveau, puis déposez-le.", champ=champ
        )
    if _contient_un_programme(octets):
        raise ErreurMetier(
            "piece_active",
            "Ce PDF contient un programme ou un fichier joint : déposez-en une version imprimée ou numérisée.",
            champ=champ,
        )


def _contient_un_programme(octets: bytes) -> bool:
    """Vrai si le PDF nomme un script, un lancement ou un fichier joint, même par un nom échappé ou dans un objet compressé."""
    if _ACTIF.search(_ECHAPPE.sub(_lire_l_echappement, octets)):
        return True
    for objets in _OBJETS.finditer(octets):
        lecteur = zlib.decompressobj()
        try:
            objets_en_clair = lecteur.decompress(octets[objets.end() :], _DECOMPRESSE_AU_PLUS)
        except zlib.error:
            continue
        if _ACTIF_EN_CLAIR.search(_ECHAPPE.sub(_lire_l_echappement, objets_en_clair)):
            return True
    return False


def _lire_l_echappement(trouve: re.Match[bytes]) -> bytes:
    return bytes([int(trouve.group(1), 16)])


MESSAGE_TAILLE: Final = f"Ce fichier dépasse {TAILLE_MAXIMALE // (1024 * 1024)} Mo : déposez un PDF plus léger."
