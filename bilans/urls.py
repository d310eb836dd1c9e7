"""Adresses des bilans et du flux."""

from __future__ import annotations

from django.urls import path

from bilans.views import aujourdhui, flux

urlpatterns = [
    path("aujourdhui/", aujourdhui.Aujourdhui.as_view(), name="aujourdhui"),
    path("flux/", flux.Flux.as_view(), name="flux"),
    path("flux/detail/", flux.DetailFlux.as_view(), name="flux_detail"),
]
