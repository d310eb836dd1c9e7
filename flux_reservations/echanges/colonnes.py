"""Les colonnes d'un tableau et leurs types de texte et de code : comment une cellule se lit, comment une valeur s'écrit (formats.md § 1).

Chaque type a deux sens : `lire` rend une valeur Python ou lève `ValeurFautive`, dont le message dit le remède ; `ecrire` rend le texte que
`lire` relira à l'identique.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from flux_reservations.echanges.cellules import ValeurFautive, proteger
from flux_reservations.echanges.lecture.source import Nombre
from flux_reservations.echanges.nombres import ESPACES

_COURRIEL = re.compile(r"[^@\s;,<>]+@[^@\s;,<>.]+(?:\.[^@\s;,<>.]+)+")
_CHIFFRES_SIREN = 9
_LONGUEUR_COURRIEL = 254


TEXTES_RETENUS: Final = 20_000
"""Textes différents qu'on retient par colonne avec leur valeur, à la lecture comme à l'écriture."""
TEXTE_COURT: Final = 100
"""Caractères d'un texte qui vaut d'être retenu."""


class TypeColonne(Protocol):
    """Ce qu'on attend d'un type de colonne."""

    def lire(self, cellule: str) -> Any:
        """Valeur d'une cellule non vide, déjà nettoyée."""

    def ecrire(self, valeur: Any) -> str:
        """Texte d'une valeur."""


@dataclass(frozen=True, slots=True)
class Texte:
    """Un texte libre, borné ; `motif` le contraint, et `exemple` dit alors la forme attendue."""

    longueur: int = 0
    motif: re.Pattern[str] | None = None
    exemple: str = ""
    majuscules: bool = False

    def lire(self, cellule: str) -> str:
        """Le texte."""
        texte = cellule.upper() if self.majuscules else str(cellule)
        if self.longueur and len(texte) > self.longueur:
            message = f"Texte trop long : {len(texte)} caractères, {self.longueur} au plus."
            raise ValeurFautive(message)
        if self.motif is not None and not self.motif.fullmatch(texte):
            message = f"Forme attendue : {self.exemple}."
            raise ValeurFautive(message)
        return texte

    def ecrire(self, valeur: Any) -> str:
        """Le texte, protégé des tableurs."""
        return proteger(str(valeur))


@dataclass(frozen=True, slots=True)
class Code:
    """Un code de largeur fixe, toujours en texte ; un nombre de tableur y retrouve ses zéros de tête."""

    largeur: int
    motif: re.Pattern[str]
    exemple: str

    def lire(self, cellule: str) -> str:
        """Le code, en majuscules."""
        texte = cellule.upper()
        if type(cellule) is Nombre:
            texte = texte.zfill(self.largeur)
        if not self.motif.fullmatch(texte):
            message = f"Forme attendue : {self.exemple}."
            raise ValeurFautive(message)
        return texte

    def ecrire(self, valeur: Any) -> str:
        """Le code."""
        return str(valeur)


@dataclass(frozen=True, slots=True)
class Siren:
    """Un SIREN ; la clé de Luhn est vérifiée, sauf si `souple`."""

    souple: bool = False

    def lire(self, cellule: str) -> str:
        """Neuf chiffres ; les espaces de présentation sont admises."""
        texte = cellule.translate(ESPACES)
        if type(cellule) is Nombre:
            texte = texte.zfill(_CHIFFRES_SIREN)
        if not (len(texte) == _CHIFFRES_SIREN and texte.isascii() and texte.isdigit()):
            message = "Un SIREN a neuf chiffres (mettez la colonne au format texte)."
            raise ValeurFautive(message)
        if not self.souple and not siren_est_valide(texte):
            message = "La clé de contrôle de ce SIREN est fausse : vérifiez ses neuf chiffres."
            raise ValeurFautive(message)
        return texte

    def ecrire(self, valeur: Any) -> str:
        """Le SIREN."""
        return str(valeur)


def siren_est_valide(siren: str) -> bool:
    """Vrai si la clé de Luhn du SIREN est juste."""
    somme = 0
    for rang, chiffre in enumerate(reversed(siren)):
        double = int(chiffre) * (2 if rang % 2 else 1)
        somme += sum(divmod(double, 10))
    return somme % 10 == 0


@dataclass(frozen=True, slots=True)
class Courriel:
    """Une adresse de courriel."""

    def lire(self, cellule: str) -> str:
        """L'adresse."""
        if len(cellule) > _LONGUEUR_COURRIEL or not _COURRIEL.fullmatch(cellule):
            message = "Ce n'est pas une adresse de courriel (nom@domaine.fr)."
            raise ValeurFautive(message)
        return str(cellule)

    def ecrire(self, valeur: Any) -> str:
        """L'adresse, protégée des tableurs."""
        return proteger(str(valeur))


@dataclass(frozen=True, slots=True)
class Choix:
    """Un code d'une liste fermée ; la casse est indifférente."""

    codes: tuple[str, ...]

    @classmethod
    def de(cls, codes: Iterable[Any], *, sauf: Collection[str] = ()) -> Choix:
        """Choix d'une énumération, sans le code vide ni `sauf`."""
        return cls(tuple(str(code.value) for code in codes if code.value and code.value not in sauf))

    def lire(self, cellule: str) -> str:
        """Le code tel qu'il s'écrit en base."""
        if cellule in self.codes:
            return str(cellule)
        for code in self.codes:
            if code.lower() == cellule.lower():
                return code
        message = f"Valeur inconnue : mettez l'une de {', '.join(self.codes)}."
        raise ValeurFautive(message)

    def ecrire(self, valeur: Any) -> str:
        """Le code."""
        return str(valeur)


_OUI_NON = {
    "oui": True,
    "o": True,
    "1": True,
    "vrai": True,
    "true": True,
    "non": False,
    "n": False,
    "0": False,
    "faux": False,
    "false": False,
}


@dataclass(frozen=True, slots=True)
class OuiNon:
    """`oui` ou `non`."""

    def lire(self, cellule: str) -> bool:
        """Vrai pour oui."""
        try:
            return _OUI_NON[cellule.lower()]
        except KeyError:
            message = "Mettez oui ou non."
            raise ValeurFautive(message) from None

    def ecrire(self, valeur: Any) -> str:
        """Oui ou non."""
        return "oui" if valeur else "non"


@dataclass(frozen=True, slots=True)
class ListeTerritoires:
    """Un ou plusieurs codes de territoire séparés par une espace."""

    def lire(self, cellule: str) -> tuple[str, ...]:
        """Les codes tels que saisis, sans répétition."""
        return tuple(dict.fromkeys(cellule.split()))

    def ecrire(self, valeur: Any) -> str:
        """Les codes, triés."""
        return " ".join(sorted(valeur))


@dataclass(frozen=True, slots=True)
class Colonne:
    """Une colonne d'un tableau.

    `champ` est l'attribut du modèle où la valeur va telle quelle (vide : le tableau s'en charge). `defaut` vaut pour une cellule vide, et
    pour une ligne créée sans la colonne.
    """

    nom: str
    type: TypeColonne
    obligatoire: bool = False
    champ: str = ""
    defaut: Any = None
