"""Ressources d'API des bilans : bilans publiés et comptes de l'année (formats.md § 3)."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from rest_framework import mixins, serializers, viewsets

from bilans.models import Bilan
from flux_reservations.acces.api import acteur_de


class BilanSerialiseur(serializers.ModelSerializer[Bilan]):
    """Une version d'un bilan ; `donnees` est l'objet de `produire_bilan`."""

    bailleur = serializers.CharField(source="bailleur.siren")
    departement = serializers.CharField(source="departement_id")

    class Meta:
        model = Bilan
        fields: ClassVar = [
            "id", "genre", "bailleur", "departement", "annee", "version", "etat", "ce_qui_change", "donnees", "empreinte", "publie_le",
        ]  # fmt: skip


class FiltreBilans(django_filters.FilterSet):
    """Filtres des bilans."""

    bailleur = django_filters.CharFilter(field_name="bailleur__siren")
    departement = django_filters.CharFilter(field_name="departement_id")

    class Meta:
        model = Bilan
        fields: ClassVar = ["genre", "annee", "etat"]


class BilanVues(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Bilan]):
    """Les bilans que l'acteur voit."""

    queryset = Bilan.objects.none()
    serializer_class = BilanSerialiseur
    lookup_value_regex = r"\d{1,18}"
    filterset_class = FiltreBilans

    def get_queryset(self) -> QuerySet[Bilan]:
        """Ceux que l'acteur voit."""
        return Bilan.objects.visibles_par(acteur_de(self.request)).select_related("bailleur").order_by("pk")


RESSOURCES: list[tuple[str, Any]] = [("bilans", BilanVues)]
"""Préfixes d'adresse et vues, réunis par le routeur du projet."""
