"""Adresses du projet."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, register_converter

from flux_reservations.socle.convertisseurs import ConvertisseurDate

register_converter(ConvertisseurDate, "date")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("flux_reservations.acces.urls")),
    path("", include("conventions.urls")),
    path("", include("attributions.urls")),
    path("", include("bilans.urls")),
    path("", include("flux_reservations.notifications.urls")),
    path("", include("flux_reservations.pieces.urls")),
    path("", include("flux_reservations.echanges.urls")),
    path("api/v1/", include("flux_reservations.api")),
]
