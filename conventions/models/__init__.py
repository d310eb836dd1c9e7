"""Modèles des conventions."""

from conventions.models.conventions import Convention, Droit
from conventions.models.organismes import Bailleur, Reservataire, nature_du_type
from conventions.models.patrimoine import Logement, ReservationStock, SituationLogement

__all__ = [
    "Bailleur",
    "Convention",
    "Droit",
    "Logement",
    "Reservataire",
    "ReservationStock",
    "SituationLogement",
    "nature_du_type",
]
