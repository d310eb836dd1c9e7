"""Ressource d'API des envois (formats.md § 3, RG-66)."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from rest_framework import mixins, serializers, viewsets

from flux_reservations.acces.api import acteur_de
from flux_reservations.notifications.models import Envoi


class EnvoiSerialiseur(serializers.ModelSerializer[Envoi]):
    """Un envoi du registre."""

    emetteur = serializers.CharField(source="emetteur.nom")
    destinataire = serializers.CharField(source="destinataire_nom")
    departement = serializers.CharField(source="departement_id", allow_null=True)
    territoire = serializers.CharField(source="territoire_id", allow_null=True)
    empreinte_piece = serializers.CharField(source="piece.contenu_id", allow_null=True, default=None)

    class Meta:
        model = Envoi
        fields: ClassVar = [
            "id", "cle", "lot", "genre", "emetteur", "destinataire", "departement", "territoire", "annee", "voie", "objet", "etat",
            "depose_le", "envoye_le", "recu_le", "empreinte_piece",
        ]  # fmt: skip


class FiltreEnvois(django_filters.FilterSet):
    """Filtres du registre."""

    departement = django_filters.CharFilter(field_name="departement_id")
    territoire = django_filters.CharFilter(field_name="territoire_id")
    destinataire = django_filters.CharFilter(field_name="destinataire_nom")
    depose_du = django_filters.DateFilter(field_name="depose_le", lookup_expr="date__gte")
    depose_au = django_filters.DateFilter(field_name="depose_le", lookup_expr="date__lte")

    class Meta:
        model = Envoi
        fields: ClassVar = ["genre", "etat", "voie", "annee", "lot"]


class EnvoiVues(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Envoi]):
    """Les envois que l'acteur a émis ou reçus."""

    queryset = Envoi.objects.none()
    serializer_class = EnvoiSerialiseur
    lookup_value_regex = r"[0-9]{1,18}"
    filterset_class = FiltreEnvois

    def get_queryset(self) -> QuerySet[Envoi]:
        """Ceux que l'acteur voit."""
        return Envoi.objects.visibles_par(acteur_de(self.request)).select_related("emetteur", "piece").order_by("pk")


RESSOURCES: list[tuple[str, Any]] = [("envois", EnvoiVues)]
"""Préfixes d'adresse et vues, réunis par le routeur du projet."""
