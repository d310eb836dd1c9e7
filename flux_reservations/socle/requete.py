"""La requête telle que les vues la reçoivent : avec son acteur et ce que htmx en dit."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from flux_reservations.commun.acteur import Acteur


class Requete(HttpRequest):
    """Annotation de type des vues : `ActeurMiddleware` pose `acteur`, `HtmxMiddleware` pose `htmx`."""

    acteur: Acteur
    htmx: HtmxDetails
