"""Une cellule telle qu'elle arrive : nettoyée, jugée saine ou abîmée ; et protégée des tableurs quand elle repart (formats.md § 1)."""

from __future__ import annotations

import re
from typing import Final

from flux_reservations.echanges.lecture.source import SANS_RESULTAT, Nombre

_PROTEGE = re.compile(r"'+[=+\-@\t\r]")
_A_PROTEGER = re.compile(r"'*[=+\-@\t\r]")
_DE_COMMANDE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
SANS_LARGEUR: Final = "\u200b\u200e\u200f\u2060\ufeff\u00ad"
"""Signes que personne ne voit au bord d'un texte."""
_ACCENTS = re.compile(r"[^\x00-\x7f]{2,}")
_ERREURS_DE_TABLEUR = frozenset(
    {"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#VALEUR!", "#NOM?", SANS_RESULTAT}
)


class ValeurFautive(Exception):
    """La cellule ne se lit pas ; `message` dit pourquoi et que faire."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def nettoyer(cellule: str) -> str:
    """Ôte les blancs de bord, visibles ou non, et l'apostrophe qui protège d'une formule ; refuse un texte abîmé.

    Un `Nombre` reste un `Nombre`.
    """
    if type(cellule) is Nombre:
        return cellule
    texte = cellule.strip()
    if not texte.isprintable():
        texte = _oter_les_bords_invisibles(texte)
    if not texte:
        return ""
    if texte[0] == "'" and _PROTEGE.match(texte):
        texte = texte[1:]
    if not texte.isascii():
        _refuser_encodage_perdu(texte)
    elif texte[0] == "#" and texte in _ERREURS_DE_TABLEUR:
        message = "La formule de cette cellule est en erreur, ou n'a jamais été calculée : ouvrez-la dans un tableur et corrigez-la."
        raise ValeurFautive(message)
    return texte


def _oter_les_bords_invisibles(texte: str) -> str:
    """Un collage laisse au bord d'un code des signes sans largeur : personne ne les voit, et le code n'est plus le même."""
    if _DE_COMMANDE.search(texte):
        message = "La cellule contient un caractère invisible (nul ou de commande) : effacez-la et ressaisissez-la."
        raise ValeurFautive(message)
    if not texte.isascii():
        while (bords := texte.strip(SANS_LARGEUR).strip()) != texte:
            texte = bords
    return texte


def _refuser_encodage_perdu(texte: str) -> None:
    """Un accent remplacé par � ou lu deux fois (Ã©) : la donnée est déjà perdue, on ne la garde pas."""
    if "\N{REPLACEMENT CHARACTER}" not in texte and not any(map(_est_lu_deux_fois, _ACCENTS.findall(texte))):
        return
    message = "Les accents sont perdus (encodage) : réexportez le fichier en « CSV UTF-8 » depuis l'original."
    raise ValeurFautive(message)


def _est_lu_deux_fois(lettres: str) -> bool:
    """Vrai pour de l'UTF-8 lu comme du Windows-1252 : ces lettres, relues, en redonnent d'autres."""
    try:
        lettres.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return False
    return True


def proteger(texte: str) -> str:
    """Fait précéder d'une apostrophe ce qu'un tableur prendrait pour une formule, ou que l'import prendrait pour protégé.

    Un caractère de commande, qu'un collage a pu laisser et que l'import refuse, n'est pas écrit.
    """
    if not texte.isprintable():
        texte = _DE_COMMANDE.sub("", texte)
    return f"'{texte}" if _A_PROTEGER.match(texte) else texte
