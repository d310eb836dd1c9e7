"""Réglages des tests : vrais services, mots de passe rapides."""

from __future__ import annotations

import os

from flux_reservations.settings.base import *  # noqa: F403 : un environnement étend la base

SECRET_KEY = "cle-d-essai"  # noqa: S105 : clé d'essai
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
AXES_ENABLED = False
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405 : réglage de la base
# Le greffon embarqué peut fournir une base déjà migrée, à recopier (flux_reservations.embarque.greffon_pytest).
if _modele := os.environ.get("BASE_MODELE"):
    DATABASES["default"]["TEST"] = {"TEMPLATE": _modele}  # noqa: F405 : réglage de la base
SECOND_FACTEUR = False
