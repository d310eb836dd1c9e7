"""Modèles des attributions."""

from attributions.models.liberations import Liberation
from attributions.models.membres import MembreSeance
from attributions.models.occupations import Occupation
from attributions.models.orientations import Candidat, Orientation, Proposition, SoldeOuverture
from attributions.models.seances import Besoin, EtatSeance, Inscription, Seance

__all__ = [
    "Besoin",
    "Candidat",
    "EtatSeance",
    "Inscription",
    "Liberation",
    "MembreSeance",
    "Occupation",
    "Orientation",
    "Proposition",
    "Seance",
    "SoldeOuverture",
]
