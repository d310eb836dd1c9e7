"""Lire un CSV en flux : encodage et séparateur reconnus, lignes bornées, binaires refusés."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from flux_reservations.echanges.lecture.source import FichierIllisible, Source

LIGNE_MAXIMALE = 1_000_000
"""Caractères d'une ligne, au-delà desquels le fichier n'est pas un tableau."""
_BLOC = 1 << 20
_SIGNATURES = {
    b"PK\x03\x04": "un classeur (XLSX, ODS) ou une archive renommés en .csv : donnez-lui l'extension .xlsx, ou exportez-le en CSV",
    b"\xd0\xcf\x11\xe0": "un ancien classeur Excel (.xls) : enregistrez-le au format XLSX ou CSV",
    b"%PDF": "un PDF : exportez les données en CSV ou XLSX",
    b"\x1f\x8b": "une archive compressée : décompressez-la",
    codecs.BOM_UTF16_LE: "un texte UTF-16 : enregistrez-le en CSV UTF-8",
    codecs.BOM_UTF16_BE: "un texte UTF-16 : enregistrez-le en CSV UTF-8",
}


def ouvrir_csv(chemin: Path, connues: Callable[[list[str]], int]) -> Source:
    """Ouvre un CSV. `connues` compte les en-têtes reconnus, pour choisir entre `;` et `,`.

    Lève `FichierIllisible` (vide, binaire, encodage inconnu).
    """
    with chemin.open("rb") as octets:
        encodage = _reconnaitre_encodage(iter(lambda: octets.read(_BLOC), b""))
    return _ouvrir_texte(chemin.open(encoding=encodage, newline=""), connues)


def ouvrir_debut_de_csv(debut: bytes, connues: Callable[[list[str]], int]) -> Source:
    """Les lignes du début d'un CSV, la dernière peut-être coupée : de quoi le reconnaître. Lève `FichierIllisible`."""
    encodage = _reconnaitre_encodage(iter([debut] if debut else []), est_entier=False)
    return _ouvrir_texte(io.StringIO(debut.decode(encodage, errors="ignore"), newline=""), connues)


def _ouvrir_texte(flux: TextIO, connues: Callable[[list[str]], int]) -> Source:
    try:
        premiere = next((ligne for ligne in _bornees(flux) if ligne.strip()), "")
        _refuser_autre_separateur(premiere)
    except FichierIllisible:
        flux.close()
        raise
    separateur = max(";,", key=lambda signe: (connues(_decouper(premiere, signe)), premiere.count(signe)))
    flux.seek(0)
    return Source(lignes=_lire(csv.reader(_bornees(flux), delimiter=separateur, strict=True)), fermer=flux.close)


def _refuser_autre_separateur(premiere: str) -> None:
    """Une consigne au tableur n'est pas un en-tête ; une tabulation n'est pas un séparateur du contrat."""
    if premiere.lower().startswith("sep="):
        message = f"La première ligne (« {premiere.strip()[:20]} ») n'est pas un en-tête : supprimez-la."
        raise FichierIllisible(message, ligne=1)
    if "\t" in premiere and not {";", ","} & set(premiere):
        message = (
            "Les cellules sont séparées par des tabulations : réenregistrez en CSV, séparé par des points-virgules."
        )
        raise FichierIllisible(message, ligne=1)


def _decouper(ligne: str, signe: str) -> list[str]:
    """Les cellules d'une ligne à ce séparateur ; aucune si l'une est démesurée."""
    try:
        return next(csv.reader([ligne], delimiter=signe), [])
    except csv.Error:
        return []


def _lire(lecteur: Iterator[list[str]]) -> Iterator[list[str]]:
    numero = 0
    while True:
        numero += 1
        try:
            yield next(lecteur)
        except StopIteration:
            return
        except csv.Error as erreur:
            message = (
                "Cellule illisible : trop longue, ou guillemet ouvert et jamais fermé, ou au milieu d'un texte entre guillemets. "
                "Réenregistrez le fichier depuis un tableur."
            )
            raise FichierIllisible(message, ligne=numero) from erreur


def _bornees(flux: TextIO) -> Iterator[str]:
    """Les lignes du flux ; une ligne démesurée est refusée sans être lue en entier."""
    numero = 0
    while ligne := flux.readline(LIGNE_MAXIMALE + 1):
        numero += 1
        if len(ligne) > LIGNE_MAXIMALE:
            message = (
                f"La ligne dépasse {LIGNE_MAXIMALE} caractères : ce n'est pas un tableau, ou un guillemet n'est pas fermé. "
                "Réenregistrez le fichier depuis un tableur."
            )
            raise FichierIllisible(message, ligne=numero)
        yield ligne


def _reconnaitre_encodage(blocs: Iterator[bytes], *, est_entier: bool = True) -> str:
    """`utf-8-sig` si tout est de l'UTF-8, sinon `cp1252` ; refuse un binaire. Un début peut être coupé au milieu d'un caractère."""
    decodeur = codecs.getincrementaldecoder("utf-8")()
    est_utf8, premier = True, True
    for bloc in blocs:
        if premier:
            _refuser_autre_format(bloc)
            premier = False
        if b"\0" in bloc:
            message = "Ce n'est pas un fichier texte (octet nul) : exportez-le en CSV ou en XLSX."
            raise FichierIllisible(message)
        est_utf8 = est_utf8 and _decode(decodeur, bloc)
        if not est_utf8 and bloc.translate(None, _OCTETS_CP1252):
            message = "Encodage inconnu, ni UTF-8 ni Windows-1252 : réenregistrez le fichier en « CSV UTF-8 »."
            raise FichierIllisible(message)
    return "utf-8-sig" if est_utf8 and _decode(decodeur, b"", final=est_entier) else "cp1252"


def _refuser_autre_format(debut: bytes) -> None:
    for signature, nom in _SIGNATURES.items():
        if debut.startswith(signature):
            message = f"Ce n'est pas un CSV, mais {nom}."
            raise FichierIllisible(message)


def _decode(decodeur: codecs.IncrementalDecoder, bloc: bytes, *, final: bool = False) -> bool:
    try:
        decodeur.decode(bloc, final)
    except UnicodeDecodeError:
        return False
    return True


_PREMIER_LISIBLE = 32
# Octets qu'un texte Windows-1252 peut contenir : tout sauf cinq codes sans caractère et les commandes ; un saut de ligne forcé et
# la marque de fin d'un vieux logiciel en sont, et une cellule qui en porte se dit à sa place.
_OCTETS_CP1252 = bytes(
    octet
    for octet in range(256)
    if octet not in {0x81, 0x8D, 0x8F, 0x90, 0x9D} and (octet >= _PREMIER_LISIBLE or octet in b"\t\n\x0b\x0c\r\x1a")
)
