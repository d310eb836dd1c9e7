"""Lecture de `DATABASE_URL` : PostgreSQL seulement, réseau ou socket Unix."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def lire_url_postgresql(url: str) -> dict[str, Any]:
    """Réglage Django d'une URL `postgresql://utilisateur:secret@hote:port/base?host=/dossier`.

    Sans URL, un réglage incomplet est rendu : les commandes qui n'ont pas besoin de la base marchent, les autres
    échouent avec un message clair à la connexion. Lève `ImproperlyConfigured` si l'URL n'est pas celle d'un PostgreSQL.
    """
    reglage: dict[str, Any] = {
        "ENGINE": "flux_reservations.socle.postgresql",
        "NAME": "",
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {},
    }
    if not url:
        return reglage
    morceaux = urlsplit(url)
    if morceaux.scheme not in {"postgresql", "postgres"}:
        msg = f"DATABASE_URL doit commencer par postgresql:// (reçu : {morceaux.scheme or 'rien'}://)."
        raise ImproperlyConfigured(msg)
    options = dict(parse_qsl(morceaux.query))
    reglage |= {
        "NAME": unquote(morceaux.path.lstrip("/")),
        "USER": unquote(morceaux.username or ""),
        "PASSWORD": unquote(morceaux.password or ""),
        "HOST": options.pop("host", "") or unquote(morceaux.hostname or ""),
        "PORT": options.pop("port", "") or str(morceaux.port or ""),
        "OPTIONS": options,
    }
    return reglage
