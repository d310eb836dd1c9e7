"""Modèles des bilans."""

from bilans.models.abonnement import AbonnementCalendrier
from bilans.models.bilan import Bilan
from bilans.models.campagne import Campagne
from bilans.models.prevision import Prevision

__all__ = ["AbonnementCalendrier", "Bilan", "Campagne", "Prevision"]
