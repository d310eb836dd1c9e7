"""Adresse des pièces."""

from __future__ import annotations

from django.urls import path

from flux_reservations.pieces import views

urlpatterns = [path("pieces/<int:pk>/", views.TelechargerPiece.as_view(), name="piece")]
