"""Réglages de production : refuse de démarrer avec une valeur par défaut."""

from __future__ import annotations

import os

from django.core.exceptions import ImproperlyConfigured

from flux_reservations.settings.base import *  # noqa: F403 : un environnement étend la base
from flux_reservations.socle.chiffrement import verifier_les_cles


def _exiger(nom: str) -> str:
    valeur = os.environ.get(nom, "")
    if not valeur:
        msg = f"La variable d'environnement {nom} est obligatoire en production."
        raise ImproperlyConfigured(msg)
    return valeur


SECRET_KEY = _exiger("SECRET_KEY")
_exiger("DATABASE_URL")
_exiger("REDIS_URL")
_exiger("ALLOWED_HOSTS")
_exiger("EMAIL_HOST")
SITE_URL = _exiger("SITE_URL")
_exiger("CLES_DE_CHIFFREMENT")
_exiger("CLE_D_EMPREINTE")
verifier_les_cles(CLES_DE_CHIFFREMENT, CLE_D_EMPREINTE)  # noqa: F405 : lues par la base
if OIDC_ACTIF:  # noqa: F405 : lu par la base
    _exiger("OIDC_EMETTEUR")

# Les limites de débit se comptent en commun, quel que soit le nombre de travailleurs.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": os.environ["REDIS_URL"]}}
SECURE_SSL_REDIRECT = os.environ.get("SECURE_SSL_REDIRECT", "1") == "1"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
