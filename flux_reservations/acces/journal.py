"""Lire le journal avec des noms : ils sont à côté, pas dedans (RG-71)."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Concat, NullIf, Trim

from flux_reservations.acces.models import Utilisateur
from flux_reservations.socle.models import EntreeJournal


def avec_noms(entrees: QuerySet[EntreeJournal]) -> QuerySet[EntreeJournal, Any]:
    """Annote `nom_acteur` : le nom de la personne si on peut la lire, à défaut son pseudonyme ou le nom du processus."""
    personne = Utilisateur.objects.filter(pk=OuterRef("utilisateur_id")).values(
        nom_lu=NullIf(Trim(Concat("prenom", Value(" "), "nom")), Value(""))
    )
    return entrees.annotate(nom_acteur=Coalesce(Subquery(personne), "acteur"))
