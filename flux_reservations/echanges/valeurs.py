"""Les types de colonnes des tableaux ajoutés au contrat : instants, objets JSON, identifiants publics, octets."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import math
import re
import uuid
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.dateparse import parse_datetime

from flux_reservations.echanges.cellules import ValeurFautive, nettoyer, proteger
from flux_reservations.echanges.colonnes import Texte
from flux_reservations.echanges.nombres import ANNEES_PLAUSIBLES

_MOITIE = re.compile(r"[\ud800-\udfff]")
EMPREINTE = Texte(64, re.compile(r"[0-9a-f]{64}"), "64 chiffres hexadécimaux (SHA-256)")


class Instant:
    """Un instant (AAAA-MM-JJThh:mm:ss+00:00)."""

    def lire(self, cellule: str) -> Any:
        """L'instant, avec son fuseau."""
        try:
            instant = parse_datetime(cellule)
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None or instant.year not in ANNEES_PLAUSIBLES:
            message = "Un instant s'écrit AAAA-MM-JJThh:mm:ss+00:00, d'une année plausible."
            raise ValeurFautive(message)
        return instant

    def ecrire(self, valeur: Any) -> str:
        """L'instant, en temps universel."""
        return str(valeur.astimezone(dt.UTC).isoformat())


class Json:
    """Un objet JSON, clés triées."""

    def lire(self, cellule: str) -> Any:
        """L'objet."""
        try:
            objet = json.loads(cellule, parse_constant=_refuser_constante, parse_float=_lire_flottant)
        except (ValueError, RecursionError) as erreur:
            message = "Ce n'est pas un objet JSON."
            raise ValeurFautive(message) from erreur
        if not isinstance(objet, dict) or _est_ingardable(objet):
            message = "Un objet JSON est attendu : { … }."
            raise ValeurFautive(message)
        return objet

    def ecrire(self, valeur: Any) -> str:
        """L'objet ; vide s'il n'a rien."""
        return json.dumps(valeur, sort_keys=True, ensure_ascii=False, cls=DjangoJSONEncoder) if valeur else ""


def _refuser_constante(nom: str) -> None:
    raise ValueError(nom)


def _lire_flottant(texte: str) -> float:
    """Le nombre ; un nombre sans borne n'est pas du JSON."""
    valeur = float(texte)
    if not math.isfinite(valeur):
        raise ValueError(texte)
    return valeur


def _est_ingardable(objet: Any) -> bool:
    """Vrai si l'objet porte un caractère que la base refuse : nul, ou moitié d'un caractère."""
    texte = json.dumps(objet, ensure_ascii=False)
    return "\\u0000" in texte or bool(_MOITIE.search(texte))


class Cle:
    """Une clé publique (UUID)."""

    def lire(self, cellule: str) -> uuid.UUID:
        """La clé."""
        try:
            return uuid.UUID(cellule)
        except ValueError as erreur:
            message = "Une clé s'écrit en 32 chiffres hexadécimaux (UUID)."
            raise ValeurFautive(message) from erreur

    def ecrire(self, valeur: Any) -> str:
        """La clé, avec ses tirets."""
        return str(valeur)


class Octets:
    """Des octets, en base 64."""

    def lire(self, cellule: str) -> bytes:
        """Les octets."""
        try:
            return base64.b64decode(cellule, validate=True)
        except (binascii.Error, ValueError) as erreur:
            message = "Des octets s'écrivent en base 64."
            raise ValeurFautive(message) from erreur

    def ecrire(self, valeur: Any) -> str:
        """Les octets, protégés des tableurs (la base 64 peut commencer par « + »)."""
        texte = base64.b64encode(bytes(valeur)).decode()
        return f"'{texte}" if texte[:1] == "+" else texte


class TexteExact:
    """Un texte dont les blancs de bord comptent (le corps d'un message) : s'il en a, il s'écrit entre guillemets, échappé."""

    def lire(self, cellule: str) -> str:
        """Le texte."""
        if not cellule.startswith('"'):
            return str(cellule)
        try:
            texte = json.loads(cellule)
        except ValueError:
            texte = None
        if not isinstance(texte, str) or "\0" in texte or _MOITIE.search(texte):
            message = "Un texte qui commence par un guillemet s'écrit en chaîne JSON."
            raise ValeurFautive(message)
        return texte

    def ecrire(self, valeur: Any) -> str:
        """Le texte, protégé des tableurs."""
        texte = str(valeur)
        try:
            est_fidele = texte[:1] != '"' and nettoyer(proteger(texte)) == texte
        except ValeurFautive:
            return json.dumps(texte)
        return proteger(texte) if est_fidele else json.dumps(texte, ensure_ascii=False)
