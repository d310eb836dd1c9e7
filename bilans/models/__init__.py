"""Modèles des bilans."""

from bilans.models.bilan import Bilan
from bilans.models.prevision import Prevision

__all__ = ["Bilan", "Prevision"]
