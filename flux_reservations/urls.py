"""Adresses du projet."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, register_converter

from flux_reservations.socle.convertisseurs import ConvertisseurDate

handler400 = "flux_reservations.socle.problemes.demande_fautive"
handler403 = "flux_reservations.socle.problemes.refus"
handler404 = "flux_reservations.socle.problemes.introuvable"
handler500 = "flux_reservations.socle.problemes.panne"

register_converter(ConvertisseurDate, "date")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("flux_reservations.acces.urls")),
    path("", include("conventions.urls")),
    path("", include("attributions.urls")),
    path("", include("bilans.urls")),
    path("", include("flux_reservations.notifications.urls")),
    path("", include("flux_reservations.pieces.urls")),
    path("", include("flux_reservations.series.urls")),
    path("", include("flux_reservations.territoires.urls")),
    path("", include("flux_reservations.echanges.urls")),
    path("api/v1/", include("flux_reservations.api")),
]
