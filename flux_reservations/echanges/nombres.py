"""Les types de colonnes qui se comptent : dates, décimales, entiers (formats.md § 1)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from flux_reservations.echanges.cellules import ValeurFautive
from flux_reservations.echanges.lecture.source import Nombre

ESPACES: Final = str.maketrans("", "", " \u00a0\u202f")
"""Espaces de présentation d'un nombre, à ôter."""
ANNEES_PLAUSIBLES: Final = range(1800, 2201)
_DATE_ISO = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)", re.ASCII)
_DATE_FRANCAISE = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)
_ENTIER = re.compile(r"[+-]?\d+(?:[.,]0+)?", re.ASCII)
_LONGUEUR_ENTIER = 20


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
        if int(annee) not in ANNEES_PLAUSIBLES:
            message = (
                f"L'année {annee} n'est pas plausible : corrigez-la, ou videz la cellule si la date n'est pas connue."
            )
            raise ValeurFautive(message)
        try:
            date = dt.date(int(annee), int(mois), int(jour))
        except ValueError as erreur:
            message = "Cette date n'existe pas : vérifiez le jour et le mois."
            raise ValeurFautive(message) from erreur
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
        texte = cellule.translate(ESPACES)
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
        texte = cellule.translate(ESPACES)
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
