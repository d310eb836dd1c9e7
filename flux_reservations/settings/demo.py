"""Réglages de `manage.py demo` : données fictives, connexion en un clic, courriels lisibles à l'écran."""

from __future__ import annotations

import os

from flux_reservations.settings.base import *  # noqa: F403 : un environnement étend la base

DEMO = True
SECRET_KEY = os.environ["SECRET_KEY"]
SECOND_FACTEUR = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
EMAIL_BACKEND = "flux_reservations.notifications.courriel.CourrielEnBase"
WEBHOOKS_ADRESSES_PRIVEES = True
