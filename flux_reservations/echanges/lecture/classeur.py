"""Ce qu'un XLSX a autour de ses lignes : où est la première feuille, quels styles montrent une date, les chaînes partagées.

Un XLSX est une archive de documents XML : le classeur nomme ses feuilles, les chaînes sont à part, et une date est un nombre dont le
style dit qu'il est une date.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
import zipfile
from collections.abc import Callable, Mapping
from typing import Final

from flux_reservations.echanges.lecture.analyseur import Analyseur, ClasseurAbime, Debut
from flux_reservations.echanges.lecture.source import LONGUEUR_DE_CELLULE, FichierIllisible

BLOC: Final = 1 << 16
"""Octets lus à la fois."""
MEMOIRE_DES_CHAINES: Final = 150_000_000
"""Octets que les chaînes partagées prennent en mémoire, au-delà desquels le classeur n'est pas lu."""
LONGUEUR_D_UN_FORMAT: Final = 255
"""Caractères qu'un tableur admet dans un format de nombre ; la suite n'en est pas lue."""
STYLES_MAXIMAUX: Final = 64_000
"""Styles de cellule, et formats de nombre : ce qu'un tableur sait écrire au plus."""
ORIGINE: Final = dt.date(1899, 12, 30)
_ORIGINE_1904 = dt.date(1904, 1, 1)
_FORMATS_DE_DATE = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_FORMATS_DE_POURCENTAGE = frozenset({9, 10})
_HORS_FORMAT = re.compile(r'"[^"]*"|\\.|\[[^\[\]]*\]|_.|\*.')
_PARTIE_DE_DATE = re.compile(r"[dmyhs]", re.IGNORECASE)
_PLACE_DANS_LA_LISTE = 8


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
        self._analyseur = Analyseur(self._ouvrir, self._fermer, self._lire_texte)
        self._morceaux: list[str] = []
        self._ouverts: list[str] = []
        self._longueur = 0
        self._memoire = 0

    def lire_jusqu_a(self, rang: int) -> None:
        """Lit jusqu'à avoir la chaîne de ce rang (à partir de 0).

        Lève `ClasseurAbime` s'il n'y en a pas tant, `FichierIllisible` si elles prennent plus de `MEMOIRE_DES_CHAINES`.
        """
        while rang >= 0 and rang >= len(self.lues) and self._membre is not None:
            bloc = self._membre.read(BLOC)
            if not bloc:
                self._analyseur.finir()
                break
            self._analyseur.lire(bloc)
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
            chaine = "".join(self._morceaux)
            self._memoire += sys.getsizeof(chaine) + _PLACE_DANS_LA_LISTE
            if self._memoire > MEMOIRE_DES_CHAINES:
                message = "Les textes de ce classeur sont démesurés : exportez-le en CSV."
                raise FichierIllisible(message)
            self.lues.append(chaine)
            self._morceaux.clear()
            self._longueur = 0

    def _lire_texte(self, texte: str) -> None:
        if self._ouverts[-1] == "t" and "rPh" not in self._ouverts:
            self._longueur += len(texte)
            refuser_une_cellule_demesuree(self._longueur)
            self._morceaux.append(texte)


def _parcourir(
    archive: zipfile.ZipFile, chemin: str, ouvrir: Debut, fermer: Callable[[str], None] | None = None
) -> None:
    """Lit les éléments d'un membre de l'archive ; s'il manque, rien."""
    try:
        membre = archive.open(chemin)
    except KeyError:
        return
    analyseur = Analyseur(ouvrir, fermer or _rien, _rien)
    with membre:
        while bloc := membre.read(BLOC):
            analyseur.lire(bloc)
    analyseur.finir()


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

    _parcourir(archive, "xl/workbook.xml", ouvrir_classeur)
    _parcourir(archive, "xl/_rels/workbook.xml.rels", ouvrir_lien)
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
            formats[int(attributs["numFmtId"])] = attributs.get("formatCode", "")[:LONGUEUR_D_UN_FORMAT]
        elif nom == "cellXfs":
            dans_les_styles[0] = True
        elif nom == "xf" and dans_les_styles[0]:
            styles.append(int(attributs.get("numFmtId", "0")))
        if max(len(styles), len(formats)) > STYLES_MAXIMAUX:
            raise ClasseurAbime

    def fermer(nom: str) -> None:
        if nom.rpartition(":")[2] == "cellXfs":
            dans_les_styles[0] = False

    _parcourir(archive, "xl/styles.xml", ouvrir, fermer)
    employes = set(styles)
    codes_de_date = {code for code in employes if _est_une_date(code, formats)}
    codes_de_pourcentage = {code for code in employes if _est_un_pourcentage(code, formats)}
    dates = frozenset(str(rang) for rang, code in enumerate(styles) if code in codes_de_date)
    pourcentages = frozenset(str(rang) for rang, code in enumerate(styles) if code in codes_de_pourcentage)
    return dates, pourcentages - dates


def _est_une_date(code: int, formats: Mapping[int, str]) -> bool:
    if code in formats:
        return bool(_PARTIE_DE_DATE.search(_HORS_FORMAT.sub("", formats[code])))
    return code in _FORMATS_DE_DATE


def _est_un_pourcentage(code: int, formats: Mapping[int, str]) -> bool:
    if code in formats:
        return "%" in _HORS_FORMAT.sub("", formats[code])
    return code in _FORMATS_DE_POURCENTAGE
