"""Application WSGI servie par gunicorn."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.prod")

application = get_wsgi_application()

from django.urls import get_resolver  # noqa: E402 : après la configuration de Django

from flux_reservations.socle.rls import servir_en_http  # noqa: E402 : de même

# Les vues se chargent ici, une fois avant de servir (et avant que gunicorn ne se dédouble), pas pendant la première demande.
_ = get_resolver().url_patterns
servir_en_http()
