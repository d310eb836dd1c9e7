"""Les lignes de la première feuille d'un XLSX, lues en flux : dix fois plus vite qu'un modèle objet, en mémoire bornée."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping

from flux_reservations.echanges.lecture.analyseur import Analyseur, ClasseurAbime
from flux_reservations.echanges.lecture.classeur import (
    BLOC,
    ORIGINE,
    Chaines,
    lire_styles,
    refuser_une_cellule_demesuree,
    trouver_feuille,
)
from flux_reservations.echanges.lecture.source import COLONNES_MAXIMALES, SANS_RESULTAT, FichierIllisible, Nombre

_COLONNE = re.compile(r"[A-Z]{1,3}")
_LIGNES_MAXIMALES = 1_048_576
_SANS_LIGNE = 20_000_000
"""Octets lus sans trouver une ligne de plus, au-delà desquels ce n'est pas une feuille."""
_JOURS_MAXIMAUX = 2_958_465
_FAUX_29_FEVRIER = 60
"""Un tableur compte un 29 février 1900 qui n'a pas existé : avant lui, ses dates ont un jour de retard sur l'origine."""


class Feuille:
    """La première feuille d'une archive ; `lignes()` en donne les cellules en texte."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._chemin, self._origine = trouver_feuille(archive)
        self._styles_de_date, self._styles_de_pourcentage = lire_styles(archive)
        self._chaines = Chaines(archive)
        self._lues = self._chaines.lues

    def lignes(self) -> Iterator[list[str]]:
        """Toutes les lignes, depuis la première du tableur ; celles qui n'y sont pas écrites sont vides."""
        lecteur = _LecteurDeLignes(self._valeur)
        suivante, sans_ligne = 1, 0
        with self._archive.open(self._chemin) as membre:
            while bloc := membre.read(BLOC):
                lecteur.lire(bloc)
                sans_ligne = 0 if lecteur.pretes else sans_ligne + len(bloc)
                if sans_ligne > _SANS_LIGNE:
                    raise ClasseurAbime
                while lecteur.pretes:
                    numero, cellules = lecteur.pretes.popleft()
                    if not suivante <= numero <= _LIGNES_MAXIMALES:
                        raise ClasseurAbime
                    for _ in range(numero - suivante):
                        yield []
                    yield cellules
                    suivante = numero + 1
        lecteur.finir()

    def fermer(self) -> None:
        """Ferme l'archive."""
        self._chaines.fermer()
        self._archive.close()

    def _valeur(self, texte: str, type_: str, style: str) -> str:  # noqa: PLR0911 : un cas par type de cellule
        """Texte d'une cellule selon son type ; un nombre reste reconnaissable, une date s'écrit AAAA-MM-JJ."""
        if not texte:
            return ""
        if type_ == "s":
            rang = int(texte)
            if not 0 <= rang < len(self._lues):
                self._chaines.lire_jusqu_a(rang)
            return self._lues[rang]
        if type_ == "b":
            return "oui" if texte == "1" else "non"
        if type_ == "d":
            return texte.partition("T")[0]
        if type_ != "n":
            return texte
        if style in self._styles_de_date:
            return self._date(float(texte))
        if style in self._styles_de_pourcentage:
            # Le tableur garde 0,25 sous « 25 % » : on lit ce que la personne voit.
            return nombre_en_texte(str(float(texte) * 100))
        return nombre_en_texte(texte)

    def _date(self, serie: float) -> str:
        if not 0 <= serie <= _JOURS_MAXIMAUX:
            raise ClasseurAbime
        jours = int(serie)
        if self._origine == ORIGINE:
            if not jours:
                return nombre_en_texte(str(serie))  # « 00/01/1900 », ou une heure seule : pas une date.
            jours += jours < _FAUX_29_FEVRIER
        return (self._origine + dt.timedelta(days=jours)).isoformat()


def nombre_en_texte(texte: str) -> Nombre:
    """Un nombre de tableur, sans exposant ni reste de virgule flottante (30,099999999999998 est 30,1)."""
    if texte.isascii() and texte.isdigit() and (texte[0] != "0" or len(texte) == 1):
        return Nombre(texte)
    valeur = float(texte)
    if valeur.is_integer():
        return Nombre(int(valeur))
    arrondi = f"{valeur:.10f}".rstrip("0")
    return Nombre("0" if arrondi in {"0.", "-0."} else arrondi)


class _LecteurDeLignes:
    """Automate sur les éléments `row`, `c`, `v` et `t` d'une feuille."""

    def __init__(self, valeur: Callable[[str, str, str], str]) -> None:
        self.pretes: deque[tuple[int, list[str]]] = deque()
        self._valeur = valeur
        self._numero = 0
        self._cellules: list[str] = []
        self._rang, self._type, self._style = -1, "n", ""
        self._morceaux: list[str] | None = None
        self._texte: list[str] = []
        self._longueur = 0
        self._a_une_formule = False
        self._analyseur = Analyseur(self._ouvrir, self._fermer, self._lire_texte)

    def lire(self, bloc: bytes) -> None:
        """Avance d'un bloc."""
        self._analyseur.lire(bloc)

    def finir(self) -> None:
        """Vérifie que le document est complet."""
        self._analyseur.finir()

    def _ouvrir(self, nom: str, attributs: Mapping[str, str]) -> None:
        nom = nom.rpartition(":")[2]
        if nom == "c":
            reference = attributs.get("r", "")
            trouve = _COLONNE.match(reference)
            self._rang = rang_de_colonne(trouve[0]) if trouve else self._rang + 1
            self._type, self._style = attributs.get("t", "n"), attributs.get("s", "")
            self._texte = []
            self._longueur, self._a_une_formule = 0, False
        elif nom == "f":
            self._a_une_formule = True
        elif nom in {"v", "t"}:
            self._morceaux = []
        elif nom == "row":
            self._numero = int(attributs["r"]) if "r" in attributs else self._numero + 1
            self._cellules, self._rang = [], -1

    def _fermer(self, nom: str) -> None:
        nom = nom.rpartition(":")[2]
        if nom in {"v", "t"}:
            if self._morceaux is not None:
                self._texte += self._morceaux
            self._morceaux = None
        elif nom == "c":
            self._poser("".join(self._texte))
        elif nom == "row":
            self.pretes.append((self._numero, self._cellules))

    def _poser(self, texte: str) -> None:
        """Met la cellule à sa place ; une cellule vide au-delà de la dernière colonne (mise en forme) n'est rien."""
        if self._rang >= COLONNES_MAXIMALES:
            if not texte:
                return
            message = f"Une cellule est au-delà de la {COLONNES_MAXIMALES}e colonne : ce n'est pas un tableau de l'application. Effacez-la."
            raise FichierIllisible(message)
        manquantes = self._rang - len(self._cellules)
        if manquantes:
            self._cellules += [""] * manquantes
        if not texte and self._a_une_formule and self._type == "n":
            texte, self._type = SANS_RESULTAT, "e"
        self._cellules[self._rang :] = [self._valeur(texte, self._type, self._style)]

    def _lire_texte(self, texte: str) -> None:
        if self._morceaux is not None:
            self._longueur += len(texte)
            refuser_une_cellule_demesuree(self._longueur)
            self._morceaux.append(texte)


def rang_de_colonne(lettres: str) -> int:
    """Le rang d'une colonne nommée par ses lettres, à partir de 0 : A → 0, AA → 26."""
    rang = 0
    for lettre in lettres:
        rang = rang * 26 + ord(lettre) - 64
    return rang - 1
