"""Ouvrir un XLSX sans se laisser piéger par une archive."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from xml.parsers.expat import ExpatError

from flux_reservations.echanges.lecture.analyseur import ClasseurAbime
from flux_reservations.echanges.lecture.feuille import Feuille
from flux_reservations.echanges.lecture.source import FichierIllisible, Nombre, Source

TAILLE_DECOMPRESSEE = 500_000_000
"""Octets, au-delà desquels un classeur n'est pas lu : cent mille logements en font 95 millions, un RPLS complet cinq fois plus."""
TAILLE_DES_CHAINES = 100_000_000
"""Octets des chaînes partagées, qui se gardent en mémoire."""
TAILLE_DES_ANNEXES = 5_000_000
"""Octets de ce qui nomme les feuilles et les styles, lu avant la première ligne."""
RAPPORT_MAXIMAL = 150
"""Compression au-delà de laquelle un gros membre est un piège (un tableau réel fait 5 à 30), quoi qu'il y ait autour de lui."""
_PETIT = 20_000_000
_MEMBRES = 2000
_ANNEXES = frozenset({"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"})
_CHIFFRES_SURS = 15
# Ce que lèvent la bibliothèque standard et notre lecture sur un classeur abîmé, tronqué ou chiffré.
ERREURS_DE_CLASSEUR = (
    ClasseurAbime,
    zipfile.BadZipFile,
    zlib.error,
    ExpatError,
    KeyError,
    ValueError,
    IndexError,
    OverflowError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
)
REMEDE = "ouvrez-le dans un tableur et enregistrez-le au format XLSX, ou exportez-le en CSV"


def ouvrir_xlsx(chemin: Path | BinaryIO, decompresse_au_plus: int = TAILLE_DECOMPRESSEE) -> Source:
    """Ouvre un XLSX, ou le flux de ses octets. Lève `FichierIllisible` (pas un classeur, chiffré, démesuré, abîmé)."""
    archive = _ouvrir_archive(chemin)
    try:
        _verifier_taille(archive.infolist(), decompresse_au_plus)
        feuille = Feuille(archive)
    except FichierIllisible:
        archive.close()
        raise
    except ERREURS_DE_CLASSEUR as erreur:
        archive.close()
        message = f"Ce classeur est illisible : {REMEDE}."
        raise FichierIllisible(message) from erreur
    return Source(lignes=_lire(feuille.lignes()), fermer=feuille.fermer, est_tableur=True)


def a_perdu_des_chiffres(cellule: str) -> bool:
    """Vrai pour un nombre trop long pour un tableur : ses derniers chiffres sont faux."""
    return isinstance(cellule, Nombre) and len(cellule.lstrip("-").partition(".")[0]) > _CHIFFRES_SURS


def _ouvrir_archive(chemin: Path | BinaryIO) -> zipfile.ZipFile:
    if isinstance(chemin, Path):
        with chemin.open("rb") as flux:
            debut = flux.read(8)
    else:
        debut = chemin.read(8)
    if not debut:
        message = "Le fichier est vide : il lui faut au moins une ligne d'en-tête."
        raise FichierIllisible(message)
    if debut.startswith(b"\xd0\xcf\x11\xe0"):
        message = f"C'est un ancien classeur (.xls) ou un classeur protégé par mot de passe : {REMEDE}."
        raise FichierIllisible(message)
    try:
        return zipfile.ZipFile(chemin)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as erreur:
        message = f"Ce n'est pas un classeur XLSX : {REMEDE}."
        raise FichierIllisible(message) from erreur


def _verifier_taille(membres: list[zipfile.ZipInfo], decompresse_au_plus: int) -> None:
    """Refuse ce qui se décompresserait sans fin, avant d'en rien lire."""
    total = sum(membre.file_size for membre in membres)
    chaines = sum(membre.file_size for membre in membres if membre.filename.endswith("sharedStrings.xml"))
    gonfle = any(
        membre.file_size > (TAILLE_DES_ANNEXES if membre.filename in _ANNEXES else _PETIT)
        and (membre.filename in _ANNEXES or membre.file_size > RAPPORT_MAXIMAL * membre.compress_size)
        for membre in membres
    )
    if len(membres) > _MEMBRES or total > decompresse_au_plus or chaines > TAILLE_DES_CHAINES or gonfle:
        message = f"Ce classeur est démesuré une fois décompressé ({total // 1_000_000} Mo) : exportez-le en CSV."
        raise FichierIllisible(message)
    if any(membre.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} for membre in membres):
        # Bzip2 et lzma se décompressent d'un coup : leur taille annoncée ne protège de rien, et aucun tableur ne les emploie.
        message = f"Ce classeur est comprimé d'une façon qu'aucun tableur n'emploie : {REMEDE}."
        raise FichierIllisible(message)
    if not any(membre.filename == "[Content_Types].xml" for membre in membres):
        message = f"Cette archive n'est pas un classeur XLSX : {REMEDE}."
        raise FichierIllisible(message)


def _lire(lignes: Iterator[list[str]]) -> Iterator[list[str]]:
    numero = 0
    while True:
        numero += 1
        try:
            ligne = next(lignes)
        except StopIteration:
            return
        except FichierIllisible as erreur:
            raise FichierIllisible(erreur.message, ligne=numero) from erreur
        except ERREURS_DE_CLASSEUR as erreur:
            message = f"Ce classeur est abîmé à cet endroit : {REMEDE}."
            raise FichierIllisible(message, ligne=numero) from erreur
        yield ligne
