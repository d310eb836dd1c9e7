"""Ressources d'API des bilans : bilans publiés et comptes de l'année (formats.md § 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from bilans.domaine.comptes import CompteAnnuel
from bilans.domaine.presentation import presenter_compte
from bilans.models import Bilan
from bilans.portail import Lieu, comptes_lus, lieux_lus
from flux_reservations.acces.api import acteur_de
from flux_reservations.socle.api import PaginationDeCalcul


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
    lookup_value_regex = r"[0-9]{1,18}"
    filterset_class = FiltreBilans

    def get_queryset(self) -> QuerySet[Bilan]:
        """Ceux que l'acteur voit."""
        return Bilan.objects.visibles_par(acteur_de(self.request)).select_related("bailleur").order_by("pk")


class CompteSerialiseur(serializers.Serializer[dict[str, Any]]):
    """Un compte de l'année (RG-03, RG-47), aux nombres de `calculer_flux` : droit, report et solde en chaînes exactes."""

    bailleur = serializers.CharField(help_text="SIREN du bailleur.")
    departement = serializers.CharField()
    annee = serializers.IntegerField()
    compte = serializers.CharField(help_text="`CODE`, `CODE/prioritaires`, `CODE/agents` ou `CODE/repli`.")
    convention = serializers.CharField(
        help_text="Numéro de la première version ; vide pour le repli.", allow_blank=True
    )
    droit_theorique = serializers.CharField()
    droit = serializers.IntegerField()
    report = serializers.CharField()
    decompte = serializers.IntegerField()
    solde = serializers.CharField()


class DemandeComptes(serializers.Serializer[dict[str, Any]]):
    """Ce qu'on demande : une année (celle en cours par défaut), et au besoin un bailleur, un département, un compte."""

    annee = serializers.IntegerField(required=False, min_value=2000, max_value=2200)
    bailleur = serializers.RegexField(r"^[0-9]{9}$", required=False, help_text="SIREN du bailleur.")
    departement = serializers.CharField(required=False, max_length=3)
    compte = serializers.CharField(required=False, max_length=60)


class CompteVues(viewsets.GenericViewSet[Any]):
    """Les comptes de l'année, calculés à la demande : tous ceux de son bailleur, ou les siens chez chaque bailleur."""

    serializer_class = CompteSerialiseur
    pagination_class = PaginationDeCalcul
    filter_backends: tuple[Any, ...] = ()
    parametres: ClassVar = ("annee", "bailleur", "departement", "compte")

    @extend_schema(parameters=[DemandeComptes], responses=CompteSerialiseur(many=True))
    def list(self, request: Request) -> Response:
        """Les comptes que l'acteur lit, triés par bailleur, département, code puis convention."""
        demande = DemandeComptes(data=request.query_params)
        demande.is_valid(raise_exception=True)
        voulu = demande.validated_data
        annee = voulu.get("annee") or timezone.localdate().year
        acteur = acteur_de(request)
        lieux = [lieu for lieu in lieux_lus(acteur) if _convient(lieu, voulu)]
        lectures = comptes_lus(acteur, lieux, annee)
        tranches = [partial(_lignes, *couple, annee, voulu) for couple in zip(lieux, lectures, strict=True)]
        page: Any = self.paginate_queryset(tranches)
        return self.get_paginated_response(CompteSerialiseur(page, many=True).data)


def _convient(lieu: Lieu, voulu: Mapping[str, Any]) -> bool:
    """Vrai si le lieu répond aux filtres de bailleur et de département."""
    ou = {"bailleur": lieu.bailleur.siren, "departement": lieu.departement.pk}
    return all(voulu.get(nom, valeur) == valeur for nom, valeur in ou.items())


def _lignes(
    lieu: Lieu, lire: Callable[[], list[CompteAnnuel]], annee: int, voulu: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Les lignes d'un lieu, calculées quand une page les demande."""
    ou = {"bailleur": lieu.bailleur.siren, "departement": lieu.departement.pk, "annee": annee}
    return [ou | presenter_compte(un) for un in lire() if voulu.get("compte", un.compte) == un.compte]


RESSOURCES: list[tuple[str, Any]] = [("bilans", BilanVues), ("comptes", CompteVues)]
"""Préfixes d'adresse et vues, réunis par le routeur du projet."""
