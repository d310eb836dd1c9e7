"""Les secteurs d'un bailleur, repris de la colonne « secteur » de son patrimoine (RG-05)."""

from __future__ import annotations

from django.db import transaction

from conventions.models import Logement
from flux_reservations.acces.actions_portefeuilles import enregistrer_secteur
from flux_reservations.acces.models import Secteur
from flux_reservations.commun.acteur import Acteur


def secteurs_a_reprendre(acteur: Acteur) -> list[str]:
    """Les noms de secteur du patrimoine qui n'ont pas encore de secteur."""
    ecrits = (
        Logement.objects.visibles_par(acteur).exclude(secteur="").order_by("secteur").values_list("secteur", flat=True)
    )
    connus = set(Secteur.objects.visibles_par(acteur).values_list("nom", flat=True))
    return [nom for nom in ecrits.distinct() if nom not in connus]


def reprendre_les_secteurs(*, acteur: Acteur) -> list[Secteur]:
    """Crée un secteur par nom ; relancée, elle n'ajoute rien."""
    with transaction.atomic():
        return [enregistrer_secteur(acteur=acteur, nom=nom) for nom in secteurs_a_reprendre(acteur)]
