"""Chiffrer une donnée en base, et la retrouver par son empreinte (RG-70).

- Le **chiffrement** (Fernet : AES-128-CBC et HMAC-SHA-256) ne rend jamais deux fois le même texte : deux lignes de la même personne ne se
  rapprochent pas en lisant la table. `CLES_DE_CHIFFREMENT` donne une ou plusieurs clés : la première chiffre, toutes déchiffrent.
- L'**empreinte** (HMAC-SHA-256 sous `CLE_D_EMPREINTE`) est toujours la même pour une même valeur : elle porte l'unicité et la recherche
  exacte. Sans sa clé, un numéro ne se devine pas en essayant tous les numéros possibles.

Hors production, des clés absentes sont dérivées de `SECRET_KEY`. Changer de clé : ajouter la neuve en tête, redémarrer, lancer
`manage.py rechiffrer`, puis retirer l'ancienne.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_OCTETS = 32
_COMMENT = "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"


def chiffrer(texte: str) -> str:
    """Le texte chiffré sous la première clé."""
    return _coffre(tuple(settings.CLES_DE_CHIFFREMENT), settings.SECRET_KEY).encrypt(texte.encode()).decode()


def dechiffrer(chiffre: str) -> str:
    """Le texte en clair. Lève `ImproperlyConfigured` si aucune clé ne l'ouvre : une clé a été retirée trop tôt, ou perdue."""
    try:
        return _coffre(tuple(settings.CLES_DE_CHIFFREMENT), settings.SECRET_KEY).decrypt(chiffre.encode()).decode()
    except InvalidToken as erreur:
        msg = "Une donnée chiffrée ne s'ouvre avec aucune clé de CLES_DE_CHIFFREMENT : remettez l'ancienne clé à la suite."
        raise ImproperlyConfigured(msg) from erreur


def chiffrer_octets(octets: bytes) -> bytes:
    """Les octets chiffrés sous la première clé."""
    return _coffre(tuple(settings.CLES_DE_CHIFFREMENT), settings.SECRET_KEY).encrypt(octets)


def dechiffrer_octets(chiffres: bytes) -> bytes:
    """Les octets en clair. Lève `ImproperlyConfigured` si aucune clé ne les ouvre."""
    try:
        return _coffre(tuple(settings.CLES_DE_CHIFFREMENT), settings.SECRET_KEY).decrypt(chiffres)
    except InvalidToken as erreur:
        msg = (
            "Un contenu chiffré ne s'ouvre avec aucune clé de CLES_DE_CHIFFREMENT : remettez l'ancienne clé à la suite."
        )
        raise ImproperlyConfigured(msg) from erreur


def rechiffrer(chiffre: str) -> str:
    """La même donnée, chiffrée sous la première clé."""
    return _coffre(tuple(settings.CLES_DE_CHIFFREMENT), settings.SECRET_KEY).rotate(chiffre.encode()).decode()


def empreinte(texte: str) -> str:
    """L'empreinte du texte, en 64 caractères hexadécimaux."""
    cle = _cle_d_empreinte(settings.CLE_D_EMPREINTE, settings.SECRET_KEY)
    return hmac.new(cle, texte.encode(), hashlib.sha256).hexdigest()


def verifier_les_cles(cles: Sequence[str], cle_d_empreinte: str) -> None:
    """Lève `ImproperlyConfigured` si une clé n'a pas sa forme : 32 octets en base64 (`Fernet.generate_key()`)."""
    for nom, valeur in [*(("CLES_DE_CHIFFREMENT", cle) for cle in cles), ("CLE_D_EMPREINTE", cle_d_empreinte)]:
        try:
            Fernet(valeur)
        except ValueError as erreur:
            msg = f"{nom} : une clé est faite de 32 octets en base64 ({_COMMENT})."
            raise ImproperlyConfigured(msg) from erreur


@lru_cache(maxsize=8)
def _coffre(cles: tuple[str, ...], secret: str) -> MultiFernet:
    return MultiFernet([Fernet(cle) for cle in cles or (base64.urlsafe_b64encode(_deriver(secret, b"chiffrement")),)])


@lru_cache(maxsize=8)
def _cle_d_empreinte(cle: str, secret: str) -> bytes:
    return base64.urlsafe_b64decode(cle) if cle else _deriver(secret, b"empreinte")


def _deriver(secret: str, usage: bytes) -> bytes:
    return HKDF(SHA256(), _OCTETS, salt=None, info=b"flux-reservations " + usage).derive(secret.encode())
