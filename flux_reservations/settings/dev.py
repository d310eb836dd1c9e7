"""Réglages de développement et des commandes lancées à la main."""

from __future__ import annotations

import os

from flux_reservations.settings.base import *  # noqa: F403 : un environnement étend la base

SECRET_KEY = os.environ.get("SECRET_KEY", "cle-de-developpement-sans-valeur-hors-de-cette-machine")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
DEBUG = os.environ.get("DEBUG", "") == "1"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WEBHOOKS_ADRESSES_PRIVEES = True
