"""Lire la première feuille d'un XLSX en flux, sans se laisser piéger par une archive."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from flux_reservations.echanges.lecture.source import FichierIllisible, Nombre, Source

TAILLE_DECOMPRESSEE = 500_000_000
"""Octets, au-delà desquels un classeur n'est pas lu."""
RAPPORT_MAXIMAL = 150
"""Compression au-delà de laquelle une grosse archive est un piège (un tableau réel fait 5 à 30)."""
_PETIT = 20_000_000
_MEMBRES = 2000
_CHIFFRES_SURS = 15
# Ce que openpyxl lève sur un classeur abîmé : il ne les enveloppe pas.
_ERREURS_DE_CLASSEUR = (
    zipfile.BadZipFile,
    ParseError,
    KeyError,
    ValueError,
    IndexError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
)
_REMEDE = "ouvrez-le dans un tableur et enregistrez-le au format XLSX, ou exportez-le en CSV"


def ouvrir_xlsx(chemin: Path) -> Source:
    """Ouvre un XLSX. Lève `FichierIllisible` (pas un classeur, chiffré, démesuré, abîmé)."""
    _verifier_archive(chemin)
    from openpyxl import load_workbook  # noqa: PLC0415 : grosse bibliothèque, chargée quand un XLSX arrive
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        classeur = load_workbook(chemin, read_only=True, data_only=True, keep_links=False)
        feuilles = classeur.worksheets
        if not feuilles:
            message = f"Le classeur n'a pas de feuille : {_REMEDE}."
            raise FichierIllisible(message)
        feuille = feuilles[0]
        # La dimension écrite par certains logiciels est fausse : on lit les lignes telles qu'elles sont.
        feuille.reset_dimensions()
    except (InvalidFileException, *_ERREURS_DE_CLASSEUR) as erreur:
        message = f"Ce classeur est illisible : {_REMEDE}."
        raise FichierIllisible(message) from erreur
    return Source(lignes=_lire(feuille.iter_rows(values_only=True)), fermer=classeur.close, est_tableur=True)


def _verifier_archive(chemin: Path) -> None:
    """Refuse ce qui n'est pas un classeur, et ce qui se décompresserait sans fin, avant d'en rien lire."""
    with chemin.open("rb") as flux:
        debut = flux.read(8)
    if not debut:
        message = "Le fichier est vide : il lui faut au moins une ligne d'en-tête."
        raise FichierIllisible(message)
    if debut.startswith(b"\xd0\xcf\x11\xe0"):
        message = f"C'est un ancien classeur (.xls) ou un classeur protégé par mot de passe : {_REMEDE}."
        raise FichierIllisible(message)
    try:
        with zipfile.ZipFile(chemin) as archive:
            membres = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as erreur:
        message = f"Ce n'est pas un classeur XLSX : {_REMEDE}."
        raise FichierIllisible(message) from erreur
    total = sum(membre.file_size for membre in membres)
    comprime = sum(membre.compress_size for membre in membres) or 1
    if (
        len(membres) > _MEMBRES
        or total > TAILLE_DECOMPRESSEE
        or (total > _PETIT and total / comprime > RAPPORT_MAXIMAL)
    ):
        message = f"Ce classeur est démesuré une fois décompressé ({total // 1_000_000} Mo) : exportez-le en CSV."
        raise FichierIllisible(message)
    if not any(membre.filename == "[Content_Types].xml" for membre in membres):
        message = f"Cette archive n'est pas un classeur XLSX : {_REMEDE}."
        raise FichierIllisible(message)


def _lire(lignes: Iterable[tuple[Any, ...]]) -> Iterator[list[str]]:
    numero, iterateur = 0, iter(lignes)
    while True:
        numero += 1
        try:
            ligne = next(iterateur)
        except StopIteration:
            return
        except _ERREURS_DE_CLASSEUR as erreur:
            message = f"Ce classeur est abîmé à cet endroit : {_REMEDE}."
            raise FichierIllisible(message, ligne=numero) from erreur
        yield [en_texte(cellule) for cellule in ligne]


def en_texte(cellule: object) -> str:  # noqa: PLR0911 : un cas par type
    """Texte d'une cellule : dates AAAA-MM-JJ, nombres sans exposant (marqués `Nombre`), vrai et faux en oui et non."""
    if cellule is None:
        return ""
    if isinstance(cellule, str):
        return cellule
    if isinstance(cellule, bool):
        return "oui" if cellule else "non"
    if isinstance(cellule, int):
        return Nombre(cellule)
    if isinstance(cellule, float):
        if cellule.is_integer():
            return Nombre(int(cellule))
        return Nombre(f"{cellule:.10f}".rstrip("0"))
    if isinstance(cellule, dt.datetime):
        return cellule.date().isoformat()
    if isinstance(cellule, dt.date):
        return cellule.isoformat()
    return str(cellule)


def a_perdu_des_chiffres(cellule: str) -> bool:
    """Vrai pour un nombre trop long pour un tableur : ses derniers chiffres sont faux."""
    return isinstance(cellule, Nombre) and len(cellule.lstrip("-").partition(".")[0]) > _CHIFFRES_SURS
