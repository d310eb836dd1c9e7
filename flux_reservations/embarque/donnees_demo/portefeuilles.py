"""Les agences du premier bailleur de la démonstration : deux confiées à sa gestionnaire, une absence remplacée."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from conventions.models import Bailleur, Logement
from flux_reservations.acces.models import Absence, Portefeuille, Rattachement, Secteur
from flux_reservations.commun.acteur import Role

_CONFIEES: Final = 2
_ABSENCE: Final = (timedelta(days=3), timedelta(days=12))


def confier_les_agences(bailleur: Bailleur, aujourd_hui: date) -> None:
    """Crée un secteur par agence du patrimoine, en confie deux, et note une absence à venir."""
    noms = (
        Logement.objects.filter(bailleur=bailleur)
        .exclude(secteur="")
        .order_by("secteur")
        .values_list("secteur", flat=True)
        .distinct()
    )
    agences = Secteur.objects.bulk_create([Secteur(organisme_id=bailleur.pk, nom=nom) for nom in noms])
    agents = {
        un.role: un
        for un in Rattachement.objects.filter(organisme_id=bailleur.pk).order_by("pk")
        if un.role != Role.MEMBRE
    }
    gestionnaire, responsable = agents[Role.GESTIONNAIRE], agents[Role.RESPONSABLE]
    Portefeuille.objects.bulk_create(
        Portefeuille(rattachement=gestionnaire, secteur=agence) for agence in agences[:_CONFIEES]
    )
    debut, fin = (aujourd_hui + ecart for ecart in _ABSENCE)
    Absence.objects.create(rattachement=gestionnaire, remplacant=responsable, du=debut, au=fin)
