"""Application des conventions : qui et quoi."""

from __future__ import annotations

from django.apps import AppConfig


class ConventionsConfig(AppConfig):
    """Bailleurs, réservataires, patrimoine daté, réservations en stock, conventions et droits."""

    name = "conventions"
    verbose_name = "conventions"
