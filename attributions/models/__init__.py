"""Modèles des attributions."""

from attributions.models.liberations import Liberation
from attributions.models.orientations import Candidat, Orientation, Proposition, SoldeOuverture

__all__ = ["Candidat", "Liberation", "Orientation", "Proposition", "SoldeOuverture"]
