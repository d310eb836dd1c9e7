"""Adresses des imports."""

from __future__ import annotations

from django.urls import path

from flux_reservations.echanges import views

urlpatterns = [
    path("imports/", views.Imports.as_view(), name="imports"),
    path("imports/deposer/", views.DeposerImport.as_view(), name="deposer_import"),
    path("imports/<int:pk>/", views.VueImport.as_view(), name="import"),
    path("imports/<int:pk>/appliquer/", views.AppliquerImport.as_view(), name="appliquer_import"),
    path("imports/<int:pk>/abandonner/", views.AbandonnerImport.as_view(), name="abandonner_import"),
]
