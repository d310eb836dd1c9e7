"""Application des attributions : ce qui arrive."""

from __future__ import annotations

from django.apps import AppConfig


class AttributionsConfig(AppConfig):
    """Libérations, orientations, candidats, CALEOL, baux, décompte."""

    name = "attributions"
    verbose_name = "attributions"
