"""Ressources d'API des conventions : bailleurs, réservataires, logements, conventions (formats.md § 3)."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import django_filters
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from rest_framework import mixins, serializers, viewsets

from conventions.models import Bailleur, Convention, Droit, Logement, Reservataire
from flux_reservations.acces.api import acteur_de


class BailleurSerialiseur(serializers.ModelSerializer[Bailleur]):
    """Un bailleur, aux noms de colonnes des fichiers."""

    class Meta:
        model = Bailleur
        fields: ClassVar = ["siren", "nom", "statut", "courriel"]


class ReservataireSerialiseur(serializers.ModelSerializer[Reservataire]):
    """Un réservataire ; `territoire` est un code (`departement:94`)."""

    territoire = serializers.CharField(source="territoire_id", allow_null=True)

    class Meta:
        model = Reservataire
        fields: ClassVar = ["code", "nom", "type", "siren", "territoire", "courriel"]


class LogementSerialiseur(serializers.ModelSerializer[Logement]):
    """Un logement, tel qu'il est aujourd'hui (QPV et hors champ sont datés)."""

    bailleur = serializers.CharField(source="bailleur.siren")
    commune = serializers.CharField(source="commune_id")
    qpv = serializers.CharField(allow_null=True)
    hors_champ = serializers.CharField(allow_null=True)

    class Meta:
        model = Logement
        fields: ClassVar = [
            "id", "bailleur", "identifiant", "identifiant_rpls", "programme", "adresse", "code_postal", "commune", "qpv", "typologie",
            "surface", "financement", "annee_construction", "date_premiere_location", "loyer", "charges", "etage", "ascenseur", "pmr",
            "dpe", "annexes", "secteur", "hors_champ",
        ]  # fmt: skip


class DroitSerialiseur(serializers.ModelSerializer[Droit]):
    """Une ligne de droit ; périmètre et assiette sont des listes de codes de territoires."""

    perimetre = serializers.SerializerMethodField()
    assiette = serializers.SerializerMethodField()

    class Meta:
        model = Droit
        fields: ClassVar = [
            "contrepartie",
            "sous_contingent",
            "taux",
            "perimetre",
            "assiette",
            "montant_garanti",
            "dernier_versement",
        ]

    def get_perimetre(self, droit: Droit) -> list[str]:
        """Où le droit s'exerce."""
        return sorted(territoire.pk for territoire in droit.perimetre.all())

    def get_assiette(self, droit: Droit) -> list[str]:
        """Où il court ; vide = le périmètre."""
        return sorted(territoire.pk for territoire in droit.assiette.all())


class ConventionSerialiseur(serializers.ModelSerializer[Convention]):
    """Une version de convention et ses droits."""

    bailleur = serializers.CharField(source="bailleur.siren")
    reservataire = serializers.CharField(source="reservataire.code")
    departement = serializers.CharField(source="departement_id")
    delegataire = serializers.SerializerMethodField()
    avenant_de = serializers.SerializerMethodField()
    en_vigueur = serializers.SerializerMethodField()
    droits = DroitSerialiseur(many=True)

    class Meta:
        model = Convention
        fields: ClassVar = [
            "id", "numero", "bailleur", "reservataire", "departement", "etat", "en_vigueur", "date_proposition", "date_signature_bailleur",
            "date_signature_reservataire", "date_signature", "date_effet", "date_fin", "motif_sous_trente",
            "gestion", "delai_presentation_jours", "delai_unite", "carence_decomptee", "fait_generateur", "report", "report_plafond",
            "nb_candidats", "delegataire", "motif_perimetre", "premieres_locations", "part_hors_qpv_min", "garde_hors_qpv",
            "derogation_taux", "derogation_taux_agents", "derogation_motif", "derogation_arrete", "derogation_debut", "derogation_fin",
            "avenant_de", "date_resiliation", "motif_fin", "droits",
        ]  # fmt: skip

    def get_delegataire(self, convention: Convention) -> str:
        """À qui la gestion est déléguée : un code de réservataire, ou `BAILLEUR` ; vide sans délégation (RG-26)."""
        delegataire = convention.delegataire
        if delegataire is None:
            return ""
        if delegataire.pk == convention.bailleur_id:
            return "BAILLEUR"
        reservataire = getattr(delegataire, "reservataire", None)
        return reservataire.code if reservataire else delegataire.siren

    def get_avenant_de(self, convention: Convention) -> str:
        """Numéro de la version que celle-ci remplace ; vide pour la première."""
        return convention.avenant_de.numero if convention.avenant_de else ""

    def get_en_vigueur(self, convention: Convention) -> bool:
        """Vrai si la version court aujourd'hui."""
        return convention.est_en_vigueur(timezone.localdate())


class BailleurVues(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Bailleur]):
    """Les bailleurs que l'acteur peut voir, par SIREN."""

    queryset = Bailleur.objects.none()
    serializer_class = BailleurSerialiseur
    lookup_field = "siren"
    lookup_value_regex = r"[0-9]{9}"
    filterset_fields: ClassVar = ["statut"]

    def get_queryset(self) -> QuerySet[Bailleur]:
        """Ceux que l'acteur voit."""
        return Bailleur.objects.visibles_par(acteur_de(self.request)).order_by("pk")


class ReservataireVues(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Reservataire]):
    """Le registre des réservataires, par code."""

    queryset = Reservataire.objects.none()
    serializer_class = ReservataireSerialiseur
    lookup_field = "code"
    lookup_value_regex = r"[^/\x00]{1,60}"
    filterset_fields: ClassVar = ["type", "siren", "territoire"]

    def get_queryset(self) -> QuerySet[Reservataire]:
        """Ceux que l'acteur voit."""
        return Reservataire.objects.visibles_par(acteur_de(self.request)).order_by("pk")


class FiltreLogements(django_filters.FilterSet):
    """Filtres du patrimoine."""

    bailleur = django_filters.CharFilter(field_name="bailleur__siren")
    commune = django_filters.CharFilter(field_name="commune_id")
    qpv = django_filters.CharFilter(field_name="qpv", help_text="Code du quartier, à ce jour.")
    hors_champ = django_filters.CharFilter(field_name="hors_champ", help_text="Motif hors champ, à ce jour.")

    class Meta:
        model = Logement
        fields: ClassVar = [
            "identifiant", "identifiant_rpls", "code_postal", "typologie", "financement", "programme", "secteur",
        ]  # fmt: skip


class LogementVues(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Logement]):
    """Le patrimoine de son bailleur, par identifiant de l'application."""

    queryset = Logement.objects.none()
    serializer_class = LogementSerialiseur
    lookup_value_regex = r"[0-9]{1,18}"
    filterset_class = FiltreLogements

    def get_queryset(self) -> QuerySet[Logement]:
        """Ceux que l'acteur voit, avec leur situation du jour."""
        lignes = Logement.objects.visibles_par(acteur_de(self.request))
        return lignes.avec_situation(timezone.localdate()).select_related("bailleur").order_by("pk")


class FiltreConventions(django_filters.FilterSet):
    """Filtres des conventions."""

    bailleur = django_filters.CharFilter(field_name="bailleur__siren")
    reservataire = django_filters.CharFilter(field_name="reservataire__code")
    departement = django_filters.CharFilter(field_name="departement_id")

    class Meta:
        model = Convention
        fields: ClassVar = ["numero", "etat"]


class ConventionVues(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Convention]):
    """Les versions de conventions que l'acteur voit, et leurs droits."""

    queryset = Convention.objects.none()
    serializer_class = ConventionSerialiseur
    lookup_value_regex = r"[0-9]{1,18}"
    filterset_class = FiltreConventions

    def get_queryset(self) -> QuerySet[Convention]:
        """Celles que l'acteur voit."""
        lignes = Convention.objects.visibles_par(acteur_de(self.request))
        droits = Prefetch("droits", Droit.objects.prefetch_related("perimetre", "assiette"))
        return cast(
            "QuerySet[Convention]",
            lignes.select_related("bailleur", "reservataire", "avenant_de", "delegataire__reservataire")
            .prefetch_related(droits)
            .order_by("pk"),
        )


RESSOURCES: list[tuple[str, Any]] = [
    ("bailleurs", BailleurVues),
    ("reservataires", ReservataireVues),
    ("logements", LogementVues),
    ("conventions", ConventionVues),
]
"""Préfixes d'adresse et vues, réunis par le routeur du projet."""
