"""Adresses des séries d'actes."""

from __future__ import annotations

from django.urls import path

from flux_reservations.series.views import series

urlpatterns = [
    path("series/", series.Series.as_view(), name="series"),
    path("series/<int:pk>/", series.FicheSerie.as_view(), name="serie"),
    path("series/<int:pk>/confirmer/", series.Confirmer.as_view(), name="serie_confirmer"),
    path("series/<int:pk>/reessayer/", series.Reessayer.as_view(), name="serie_reessayer"),
    path("series/<int:pk>/abandonner/", series.Abandonner.as_view(), name="serie_abandonner"),
]
