"""Ce qu'un XLSX a autour de ses lignes : où est la première feuille, quels styles montrent une date, les chaînes partagées.

Un XLSX est une archive de documents XML : le classeur nomme ses feuilles, les chaînes sont à part, et une date est un nombre dont le
style dit qu'il est une date.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, Final
from xml.parsers import expat

from flux_reservations.echanges.lecture.source import LONGUEUR_DE_CELLULE, FichierIllisible

BLOC: Final = 1 << 16
"""Octets lus à la fois."""
ORIGINE: Final = dt.date(1899, 12, 30)
_ORIGINE_1904 = dt.date(1904, 1, 1)
_FORMATS_DE_DATE = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_FORMATS_DE_POURCENTAGE = frozenset({9, 10})
_HORS_FORMAT = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_PARTIE_DE_DATE = re.compile(r"[dmyhs]", re.IGNORECASE)

Debut = Callable[[str, Mapping[str, str]], None]


class ClasseurAbime(Exception):
    """Le document n'est pas celui d'un classeur sain."""


def refuser_une_cellule_demesuree(longueur: int) -> None:
    """Lève `FichierIllisible` si une cellule de `longueur` caractères n'en est plus une."""
    if longueur > LONGUEUR_DE_CELLULE:
        message = (
            f"Une cellule dépasse {LONGUEUR_DE_CELLULE} caractères : ce n'est pas une donnée de tableau. Videz-la."
        )
        raise FichierIllisible(message)


class Chaines:
    """Les chaînes partagées, sans leurs annotations phonétiques, lues au fur et à mesure qu'une ligne les cite."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.lues: list[str] = []
        self._membre = archive.open("xl/sharedStrings.xml") if "xl/sharedStrings.xml" in archive.NameToInfo else None
        self._analyseur = creer_analyseur(self._ouvrir, self._fermer, self._lire_texte)
        self._morceaux: list[str] = []
        self._ouverts: list[str] = []
        self._longueur = 0

    def lire_jusqu_a(self, rang: int) -> None:
        """Lit jusqu'à avoir la chaîne de ce rang (à partir de 0). Lève `ClasseurAbime` s'il n'y en a pas tant."""
        while rang >= 0 and rang >= len(self.lues) and self._membre is not None:
            bloc = self._membre.read(BLOC)
            self._analyseur.Parse(bloc, not bloc)
            if not bloc:
                break
        if not 0 <= rang < len(self.lues):
            raise ClasseurAbime

    def fermer(self) -> None:
        """Rend le membre de l'archive, lu en entier ou non."""
        if self._membre is not None:
            self._membre.close()

    def _ouvrir(self, nom: str, _: Mapping[str, str]) -> None:
        self._ouverts.append(nom.rpartition(":")[2])

    def _fermer(self, nom: str) -> None:
        del nom
        if self._ouverts.pop() == "si":
            self.lues.append("".join(self._morceaux))
            self._morceaux.clear()
            self._longueur = 0

    def _lire_texte(self, texte: str) -> None:
        if self._ouverts[-1] == "t" and "rPh" not in self._ouverts:
            self._longueur += len(texte)
            refuser_une_cellule_demesuree(self._longueur)
            self._morceaux.append(texte)


def creer_analyseur(ouvrir: Debut, fermer: Callable[[str], None], texte: Callable[[str], None]) -> Any:
    """Un analyseur qui refuse toute déclaration de type : un classeur n'en a pas, une bombe d'entités si."""
    analyseur = expat.ParserCreate()
    analyseur.buffer_text = True
    analyseur.StartElementHandler = ouvrir
    analyseur.EndElementHandler = fermer
    analyseur.CharacterDataHandler = texte
    analyseur.StartDoctypeDeclHandler = _refuser_declaration
    return analyseur


def _refuser_declaration(*_: object) -> None:
    raise ClasseurAbime


def _parcourir(
    archive: zipfile.ZipFile, chemin: str, ouvrir: Debut, fermer: Callable[[str], None], texte: Callable[[str], None]
) -> None:
    """Lit un membre de l'archive ; s'il manque, rien."""
    try:
        membre = archive.open(chemin)
    except KeyError:
        return
    analyseur = creer_analyseur(ouvrir, fermer, texte)
    with membre:
        while bloc := membre.read(BLOC):
            analyseur.Parse(bloc, False)
    analyseur.Parse(b"", True)


def _rien(*_: object) -> None:
    """Ce qu'on ne lit pas."""


def trouver_feuille(archive: zipfile.ZipFile) -> tuple[str, dt.date]:
    """Membre de la première feuille, et origine des dates."""
    feuilles: list[str] = []
    origine = [ORIGINE]
    cibles: dict[str, str] = {}

    def ouvrir_classeur(nom: str, attributs: Mapping[str, str]) -> None:
        nom = nom.rpartition(":")[2]
        if nom == "sheet":
            feuilles.append(next((valeur for cle, valeur in attributs.items() if cle.endswith(":id")), ""))
        elif nom == "workbookPr" and attributs.get("date1904") in {"1", "true"}:
            origine[0] = _ORIGINE_1904

    def ouvrir_lien(nom: str, attributs: Mapping[str, str]) -> None:
        if nom.rpartition(":")[2] == "Relationship":
            cibles[attributs["Id"]] = attributs["Target"]

    _parcourir(archive, "xl/workbook.xml", ouvrir_classeur, _rien, _rien)
    _parcourir(archive, "xl/_rels/workbook.xml.rels", ouvrir_lien, _rien, _rien)
    if not feuilles or feuilles[0] not in cibles:
        raise ClasseurAbime
    cible = cibles[feuilles[0]]
    return (cible.lstrip("/") if cible.startswith("/") else f"xl/{cible}"), origine[0]


def lire_styles(archive: zipfile.ZipFile) -> tuple[frozenset[str], frozenset[str]]:
    """Rangs des styles qui montrent une date, et de ceux qui montrent un pourcentage."""
    formats: dict[int, str] = {}
    styles: list[int] = []
    dans_les_styles = [False]

    def ouvrir(nom: str, attributs: Mapping[str, str]) -> None:
        nom = nom.rpartition(":")[2]
        if nom == "numFmt":
            formats[int(attributs["numFmtId"])] = attributs.get("formatCode", "")
        elif nom == "cellXfs":
            dans_les_styles[0] = True
        elif nom == "xf" and dans_les_styles[0]:
            styles.append(int(attributs.get("numFmtId", "0")))

    def fermer(nom: str) -> None:
        if nom.rpartition(":")[2] == "cellXfs":
            dans_les_styles[0] = False

    _parcourir(archive, "xl/styles.xml", ouvrir, fermer, _rien)
    dates = frozenset(str(rang) for rang, code in enumerate(styles) if _est_une_date(code, formats))
    pourcentages = frozenset(str(rang) for rang, code in enumerate(styles) if _est_un_pourcentage(code, formats))
    return dates, pourcentages - dates


def _est_une_date(code: int, formats: Mapping[int, str]) -> bool:
    if code in formats:
        return bool(_PARTIE_DE_DATE.search(_HORS_FORMAT.sub("", formats[code])))
    return code in _FORMATS_DE_DATE


def _est_un_pourcentage(code: int, formats: Mapping[int, str]) -> bool:
    if code in formats:
        return "%" in _HORS_FORMAT.sub("", formats[code])
    return code in _FORMATS_DE_POURCENTAGE
