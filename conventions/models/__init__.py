"""Modèles des conventions."""

from conventions.models.carnet import ContactAutorite
from conventions.models.complements import Complement
from conventions.models.concertations import Concertation, PartConcertation
from conventions.models.conventions import Convention, Droit
from conventions.models.fiches_rpls import FicheRpls
from conventions.models.gabarits import Gabarit
from conventions.models.manquements import ConventionDeposee, Manquement
from conventions.models.organismes import Bailleur, Reservataire, nature_du_type
from conventions.models.patrimoine import Logement, ReservationStock, SituationLogement
from conventions.models.propositions import Commentaire, VersionProposee

__all__ = [
    "Bailleur",
    "Commentaire",
    "Complement",
    "Concertation",
    "ContactAutorite",
    "Convention",
    "ConventionDeposee",
    "Droit",
    "FicheRpls",
    "Gabarit",
    "Logement",
    "Manquement",
    "PartConcertation",
    "Reservataire",
    "ReservationStock",
    "SituationLogement",
    "VersionProposee",
    "nature_du_type",
]
