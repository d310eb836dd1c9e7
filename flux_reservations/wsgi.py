"""Application WSGI servie par gunicorn."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.prod")

application = get_wsgi_application()

from flux_reservations.socle.rls import servir_en_http  # noqa: E402 : après la configuration de Django

servir_en_http()
