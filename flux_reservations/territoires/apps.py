"""Application des territoires : communes, intercommunalités, départements, régions (RG-04)."""

from __future__ import annotations

from django.apps import AppConfig


class TerritoiresConfig(AppConfig):
    """Référentiel national des territoires, livré avec l'application."""

    name = "flux_reservations.territoires"
    label = "territoires"
    verbose_name = "territoires"
