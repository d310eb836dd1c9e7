"""Adresse de la recherche d'un territoire."""

from __future__ import annotations

from django.urls import path

from flux_reservations.territoires.views import chercher_territoire

urlpatterns = [path("territoires/<str:champ>/", chercher_territoire, name="chercher_territoire")]
