"""Adresses du patrimoine et des conventions."""

from __future__ import annotations

from django.urls import path

from conventions.views import conventions, patrimoine

urlpatterns = [
    path("patrimoine/", patrimoine.Patrimoine.as_view(), name="patrimoine"),
    path("patrimoine/detail/<slug:quoi>/", patrimoine.DetailPatrimoine.as_view(), name="patrimoine_detail"),
    path("patrimoine/<int:pk>/", patrimoine.FicheLogement.as_view(), name="logement"),
    path("conventions/", conventions.ListeConventions.as_view(), name="conventions"),
    path("conventions/<int:pk>/", conventions.FicheConvention.as_view(), name="convention"),
]
