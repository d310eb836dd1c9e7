"""La commission d'attribution de la démonstration : ses membres sont convoqués aux séances proches."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from attributions.models import MembreSeance, Seance
from conventions.models import Bailleur
from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Role
from flux_reservations.droit.conservation import SEANCES_DES_MEMBRES

_AVANT: Final = timedelta(days=40)
_APRES: Final = timedelta(days=21)


def convoquer_la_commission(bailleur: Bailleur, aujourd_hui: date) -> int:
    """Convoque tous les membres aux séances des semaines voisines ; rend le nombre de convocations."""
    seances = Seance.objects.filter(bailleur=bailleur, date__range=(aujourd_hui - _AVANT, aujourd_hui + _APRES))
    membres = Rattachement.objects.filter(organisme_id=bailleur.pk, role=Role.MEMBRE).order_by("pk")
    convocations = [
        MembreSeance(seance=seance, rattachement=membre, jours_apres=SEANCES_DES_MEMBRES.valeur(seance.date))
        for seance in seances
        for membre in membres
    ]
    return len(MembreSeance.objects.bulk_create(convocations))
