"""Ressource d'API des libérations (formats.md § 3)."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from attributions.actions import orienter as actions
from attributions.domaine.codes import Issue
from attributions.models import Liberation, Orientation
from flux_reservations.acces.api import acteur_de, rejouable


class OrientationSerialiseur(serializers.ModelSerializer[Orientation]):
    """Une orientation d'une libération, telle que l'acteur peut la voir."""

    compte = serializers.CharField()

    class Meta:
        model = Orientation
        fields: ClassVar = [
            "rang", "compte", "date_orientation", "motif", "date_mise_a_disposition", "date_limite_prolongee", "date_proposition",
            "nb_candidats", "date_caleol", "decision", "date_rendu", "issue", "public",
        ]  # fmt: skip


class LiberationSerialiseur(serializers.ModelSerializer[Liberation]):
    """Une libération et ses orientations visibles."""

    bailleur = serializers.CharField(source="bailleur.siren")
    logement = serializers.CharField(source="logement.identifiant")
    commune = serializers.CharField(source="logement.commune_id")
    typologie = serializers.CharField(source="logement.typologie")
    orientations = OrientationSerialiseur(many=True, source="visibles")

    class Meta:
        model = Liberation
        fields: ClassVar = [
            "id", "numero", "bailleur", "logement", "commune", "typologie", "date_conge", "date_disponibilite", "nature", "exclusion",
            "motif_exclusion", "retrait", "motif_retrait", "date_bail", "orientations",
        ]  # fmt: skip

    def to_representation(self, instance: Liberation) -> dict[str, Any]:
        """Les motifs de la qualification et du retrait se lisent chez le bailleur seul."""
        lue = super().to_representation(instance)
        requete = self.context.get("request")
        if requete is None or not acteur_de(requete).est_bailleur:
            lue |= {"motif_exclusion": "", "motif_retrait": ""}
        return lue


class DemandeOrientation(serializers.Serializer[dict[str, str]]):
    """Une décision : sans `compte`, on suit la proposition ; `vu` est le compte proposé que l'on a lu."""

    vu = serializers.CharField(required=False, default="", allow_blank=True, max_length=60)
    compte = serializers.CharField(required=False, default="", allow_blank=True, max_length=60)
    motif = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)


CLE_IDEMPOTENCE = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "maxLength": 200},
    OpenApiParameter.HEADER,
    description="Une clé tirée par l'appelant : la même demande avec la même clé rend la même réponse, sans rien refaire.",
)


class FiltreLiberationsApi(django_filters.FilterSet):
    """Filtres des libérations."""

    bailleur = django_filters.CharFilter(field_name="bailleur__siren")
    commune = django_filters.CharFilter(field_name="logement__commune_id")
    disponible_du = django_filters.DateFilter(field_name="date_disponibilite", lookup_expr="gte")
    disponible_au = django_filters.DateFilter(field_name="date_disponibilite", lookup_expr="lte")
    bail_du = django_filters.DateFilter(field_name="date_bail", lookup_expr="gte")
    bail_au = django_filters.DateFilter(field_name="date_bail", lookup_expr="lte")
    logement = django_filters.CharFilter(field_name="logement__identifiant")
    louee = django_filters.BooleanFilter(
        field_name="date_bail", lookup_expr="isnull", exclude=True, help_text="Bail signé."
    )
    orientee = django_filters.BooleanFilter(
        method="filtrer_orientee", help_text="A une orientation en cours, ou conclue par un bail."
    )

    def filtrer_orientee(self, lignes: QuerySet[Liberation], _nom: str, valeur: bool) -> QuerySet[Liberation]:
        """Celles qu'une orientation occupe, parmi celles que l'acteur voit ; ou les autres."""
        acteur = acteur_de(self.request)
        occupees = Orientation.objects.visibles_par(acteur).filter(
            issue__in=[Issue.EN_COURS, Issue.BAIL], liberation=OuterRef("pk")
        )
        if acteur.est_bailleur:
            # Une valeur, pas un EXISTS : PostgreSQL en ferait une jointure à toutes ses orientations, quand une page n'en demande que
            # quelques-unes. Les siennes se trouvent par un index ; celles d'un réservataire, non.
            return lignes.alias(occupee=Subquery(occupees.values("pk")[:1])).filter(occupee__isnull=not valeur)
        return lignes.filter(Exists(occupees)) if valeur else lignes.exclude(Exists(occupees))

    class Meta:
        model = Liberation
        fields: ClassVar = ["numero", "nature", "exclusion", "retrait"]


class LiberationVues(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Liberation]):
    """Les libérations que l'acteur voit : celles de son bailleur, ou celles mises à sa disposition."""

    queryset = Liberation.objects.none()
    serializer_class = LiberationSerialiseur
    lookup_value_regex = r"[0-9]{1,18}"
    filterset_class = FiltreLiberationsApi

    def get_queryset(self) -> QuerySet[Liberation]:
        """Celles que l'acteur voit, chacune avec les orientations qu'il voit : trois requêtes, quelle que soit la page."""
        acteur = acteur_de(self.request)
        orientations = Orientation.objects.visibles_par(acteur).select_related("reservataire").order_by("rang")
        return (
            Liberation.objects.visibles_par(acteur)
            .select_related("bailleur", "logement")
            .prefetch_related(Prefetch("orientations", orientations, to_attr="visibles"))
            .order_by("pk")
        )

    @extend_schema(request=DemandeOrientation, responses={201: OrientationSerialiseur}, parameters=[CLE_IDEMPOTENCE])
    @action(detail=True, methods=["post"])
    @rejouable
    def orienter(self, request: Request, pk: str) -> Response:
        """Oriente la libération (RG-41) ; `Idempotency-Key` rend la demande rejouable sans rien refaire."""
        demande = DemandeOrientation(data=request.data)
        demande.is_valid(raise_exception=True)
        orientation = actions.orienter(
            acteur=acteur_de(request), liberation_id=int(pk), le=timezone.localdate(), **demande.validated_data
        )
        return Response(OrientationSerialiseur(orientation).data, status=status.HTTP_201_CREATED)


RESSOURCES: list[tuple[str, Any]] = [("liberations", LiberationVues)]
"""Préfixes d'adresse et vues, réunis par le routeur du projet."""
