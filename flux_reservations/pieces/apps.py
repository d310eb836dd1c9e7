"""Application des pièces : documents déposés ou produits."""

from __future__ import annotations

from django.apps import AppConfig


class PiecesConfig(AppConfig):
    """Documents, adressés par leur empreinte."""

    name = "flux_reservations.pieces"
    label = "pieces"
    verbose_name = "pièces"
