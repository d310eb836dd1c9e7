"""Les types de colonnes : comment une cellule se lit, et comment une valeur s'écrit (formats.md § 1).

Chaque type a deux sens : `lire` rend une valeur Python ou lève `ValeurFautive`, dont le message dit le remède ; `ecrire` rend le texte que
`lire` relira à l'identique.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from flux_reservations.echanges.lecture.source import Nombre

_DATE_ISO = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)", re.ASCII)
_DATE_FRANCAISE = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)
_ENTIER = re.compile(r"[+-]?\d+(?:[.,]0+)?", re.ASCII)
_ESPACES = str.maketrans("", "", " \u00a0\u202f")
_PROTEGE = re.compile(r"'+[=+\-@\t\r]")
_A_PROTEGER = re.compile(r"'*[=+\-@\t\r]")
_COURRIEL = re.compile(r"[^@\s;,<>]+@[^@\s;,<>.]+(?:\.[^@\s;,<>.]+)+")
_ACCENTS = re.compile(r"[^\x00-\x7f]{2,}")
_ERREURS_DE_TABLEUR = frozenset(
    {"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#VALEUR!", "#NOM?"}
)
_CHIFFRES_SIREN = 9
_LONGUEUR_COURRIEL = 254
_LONGUEUR_ENTIER = 20
ANNEES_PLAUSIBLES = range(1800, 2201)


class ValeurFautive(Exception):
    """La cellule ne se lit pas ; `message` dit pourquoi et que faire."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class TypeColonne(Protocol):
    """Ce qu'on attend d'un type de colonne."""

    def lire(self, cellule: str) -> Any:
        """Valeur d'une cellule non vide, déjà nettoyée."""

    def ecrire(self, valeur: Any) -> str:
        """Texte d'une valeur."""


def nettoyer(cellule: str) -> str:
    """Ôte les blancs de bord et l'apostrophe qui protège d'une formule ; refuse un texte abîmé.

    Un `Nombre` reste un `Nombre`.
    """
    if type(cellule) is Nombre:
        return cellule
    texte = cellule.strip()
    if not texte:
        return ""
    if texte[0] == "'" and _PROTEGE.match(texte):
        texte = texte[1:]
    if not texte.isascii():
        _refuser_encodage_perdu(texte)
    elif texte[0] == "#" and texte in _ERREURS_DE_TABLEUR:
        message = "La formule de cette cellule est en erreur : corrigez-la dans le tableur."
        raise ValeurFautive(message)
    if "\0" in texte:
        message = "La cellule contient un caractère nul : effacez-la et ressaisissez-la."
        raise ValeurFautive(message)
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
    """Fait précéder d'une apostrophe ce qu'un tableur prendrait pour une formule, ou que l'import prendrait pour protégé."""
    return f"'{texte}" if _A_PROTEGER.match(texte) else texte


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
        texte = cellule.translate(_ESPACES)
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


@dataclass(frozen=True, slots=True)
class Date:
    """Une date, `AAAA-MM-JJ` ou `JJ/MM/AAAA`."""

    def lire(self, cellule: str) -> dt.date:
        """La date."""
        if trouve := _DATE_ISO.fullmatch(cellule):
            annee, mois, jour = trouve.groups()
        elif trouve := _DATE_FRANCAISE.fullmatch(cellule):
            jour, mois, annee = trouve.groups()
        else:
            message = "Une date s'écrit AAAA-MM-JJ ou JJ/MM/AAAA."
            if type(cellule) is Nombre:
                message += " La cellule contient un nombre : mettez la colonne au format date."
            raise ValeurFautive(message)
        try:
            date = dt.date(int(annee), int(mois), int(jour))
        except ValueError as erreur:
            message = "Cette date n'existe pas : vérifiez le jour et le mois."
            raise ValeurFautive(message) from erreur
        if date.year not in ANNEES_PLAUSIBLES:
            message = "Cette année n'est pas plausible : écrivez-la sur quatre chiffres."
            raise ValeurFautive(message)
        return date

    def ecrire(self, valeur: Any) -> str:
        """AAAA-MM-JJ."""
        return str(valeur.isoformat())


@dataclass(frozen=True, slots=True)
class Decimale:
    """Un nombre décimal exact : `decimales` au plus, entre `mini` et `maxi`."""

    decimales: int
    mini: Decimal
    maxi: Decimal

    def lire(self, cellule: str) -> Decimal:
        """Le nombre ; espaces de milliers admises."""
        texte = cellule.translate(_ESPACES)
        if not _DECIMAL.fullmatch(texte):
            message = "Un nombre s'écrit avec des chiffres et une virgule ou un point (12,5), sans unité."
            raise ValeurFautive(message)
        valeur = Decimal(texte.replace(",", "."))
        if not self.mini <= valeur <= self.maxi:
            message = f"Le nombre doit être compris entre {self.mini} et {self.maxi}."
            raise ValeurFautive(message)
        if valeur != round(valeur, self.decimales):
            message = f"{self.decimales} décimales au plus : arrondissez."
            raise ValeurFautive(message)
        return valeur

    def ecrire(self, valeur: Any) -> str:
        """Le nombre, avec un point, sans zéros inutiles."""
        return f"{Decimal(valeur).normalize():f}"


def taux() -> Decimale:
    """Un taux en pourcentage : 0 à 100, deux décimales au plus."""
    return Decimale(2, Decimal(0), Decimal(100))


def montant(*, mini: Decimal = Decimal(0), chiffres: int = 7, decimales: int = 2) -> Decimale:
    """Un montant ou une mesure positive, de `chiffres` chiffres avant la virgule."""
    return Decimale(decimales, mini, Decimal(10) ** chiffres - 1)


@dataclass(frozen=True, slots=True)
class Entier:
    """Un entier entre `mini` et `maxi`."""

    mini: int = 0
    maxi: int = 32767

    def lire(self, cellule: str) -> int:
        """L'entier."""
        texte = cellule.translate(_ESPACES)
        if not _ENTIER.fullmatch(texte) or len(texte) > _LONGUEUR_ENTIER:
            message = "Un nombre entier est attendu, sans unité."
            raise ValeurFautive(message)
        valeur = int(re.split("[.,]", texte)[0])
        if not self.mini <= valeur <= self.maxi:
            message = f"Le nombre doit être compris entre {self.mini} et {self.maxi}."
            raise ValeurFautive(message)
        return valeur

    def ecrire(self, valeur: Any) -> str:
        """L'entier."""
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
