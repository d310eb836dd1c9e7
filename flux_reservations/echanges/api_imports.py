"""Déposer un import par l'API : essai à blanc, lecture du rapport, écriture, retour (formats.md § 1 et § 3)."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from attributions.api import CLE_IDEMPOTENCE
from flux_reservations.acces.api import Connecte, acteur_de, rejouable
from flux_reservations.commun.acteur import Role
from flux_reservations.echanges import depot
from flux_reservations.echanges.models import ImportDepose
from flux_reservations.echanges.tableaux.rpls_codes import MODES_HORS_CHAMP
from flux_reservations.socle.api import LecteurJson, refuser_un_corps_demesure

_ENVELOPPE = 1024 * 1024
"""Octets admis autour des fichiers d'un formulaire."""


class LecteurDeFichiers(MultiPartParser):
    """Un formulaire de fichiers, borné avant d'être lu."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Les champs et les fichiers ; lève `DemandeTropGrosse` (413)."""
        refuser_un_corps_demesure(parser_context, depot.TAILLE_MAXIMALE + _ENVELOPPE, depot.TROP_GROS_ENSEMBLE)
        return super().parse(stream, media_type, parser_context)


class PourQuiImporte(Connecte):
    """Un gestionnaire de bailleur, ou un jeton d'écriture : un rapport d'import se lit par qui importe (RG-70)."""

    message = "Les imports sont à un gestionnaire de bailleur, ou à un jeton d'écriture."

    def has_permission(self, request: Request, view: Any) -> bool:
        """Vrai si l'acteur importe."""
        acteur = acteur_de(request)
        return super().has_permission(request, view) and acteur.est_bailleur and acteur.peut(Role.GESTIONNAIRE)


class FichierLuSerialiseur(serializers.Serializer[dict[str, Any]]):
    """Ce qu'un fichier donne : l'objet de la commande `importer`."""

    fichier = serializers.CharField()
    type = serializers.CharField()
    lignes = serializers.IntegerField()
    crees = serializers.IntegerField()
    modifies = serializers.IntegerField()
    inchanges = serializers.IntegerField()


class AnomalieSerialiseur(serializers.Serializer[dict[str, Any]]):
    """Une erreur ou un avertissement, à sa place dans le fichier."""

    fichier = serializers.CharField(allow_blank=True)
    ligne = serializers.IntegerField(allow_null=True)
    colonne = serializers.CharField(allow_blank=True)
    valeur = serializers.CharField(allow_blank=True)
    message = serializers.CharField()


class ImportSerialiseur(serializers.ModelSerializer[ImportDepose]):
    """Un import : où il en est, et son rapport, celui de la commande `importer`."""

    fichiers = serializers.SerializerMethodField()
    avertissements = serializers.SerializerMethodField()
    erreurs = serializers.SerializerMethodField()
    a_confirmer = serializers.SerializerMethodField()
    refus_du_retour = serializers.SerializerMethodField()

    class Meta:
        model = ImportDepose
        fields: ClassVar = [
            "id", "etat", "depose_le", "effet", "lignes_lues", "lignes_en_tout", "applique_le", "fichiers", "avertissements", "erreurs",
            "a_confirmer", "refus_du_retour",
        ]  # fmt: skip

    @extend_schema_field(FichierLuSerialiseur(many=True))
    def get_fichiers(self, un: ImportDepose) -> list[Any]:
        """Les fichiers lus ; vide tant que l'essai n'est pas fait."""
        return cast("list[Any]", un.rapport.get("fichiers", []))

    @extend_schema_field(AnomalieSerialiseur(many=True))
    def get_avertissements(self, un: ImportDepose) -> list[Any]:
        """Ce qui mérite un regard."""
        return cast("list[Any]", un.rapport.get("avertissements", []))

    @extend_schema_field(AnomalieSerialiseur(many=True))
    def get_erreurs(self, un: ImportDepose) -> list[Any]:
        """Ce qui s'oppose à l'import : rien n'est alors écrit."""
        return cast("list[Any]", un.rapport.get("erreurs", []))

    def get_a_confirmer(self, un: ImportDepose) -> dict[str, int]:
        """Nombre de logements que MODE (RPLS) met hors champ, par motif."""
        return cast("dict[str, int]", un.rapport.get("a_confirmer", {}))

    def get_refus_du_retour(self, un: ImportDepose) -> str:
        """Pourquoi le dernier retour en arrière demandé n'a pas été fait."""
        return cast("str", un.rapport.get("retour", {}).get("refus", ""))


class DemandeImport(serializers.Serializer[dict[str, Any]]):
    """Des fichiers CSV ou XLSX dont le nom commence par celui de leur tableau ; `effet` date ce qui change dans le patrimoine."""

    fichiers = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True), allow_empty=False, max_length=30
    )
    effet = serializers.DateField(required=False, allow_null=True)


class DemandeApplication(serializers.Serializer[dict[str, Any]]):
    """`modes_ignores` : les motifs hors champ du RPLS (MODE) à ne pas poser."""

    modes_ignores = serializers.ListField(
        child=serializers.ChoiceField(list(MODES_HORS_CHAMP.values())), required=False, default=list
    )


class FiltreImports(django_filters.FilterSet):
    """Filtres des imports."""

    class Meta:
        model = ImportDepose
        fields: ClassVar = ["etat"]


class ImportVues(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ImportDepose]):
    """Les imports du bailleur : déposés, essayés, puis appliqués d'un bloc ou abandonnés."""

    queryset = ImportDepose.objects.none()
    serializer_class = ImportSerialiseur
    permission_classes = (PourQuiImporte,)
    lookup_value_regex = r"[0-9]{1,18}"
    filterset_class = FiltreImports

    def get_queryset(self) -> QuerySet[ImportDepose]:
        """Ceux du bailleur."""
        return ImportDepose.objects.modifiables_par(acteur_de(self.request)).order_by("pk")

    def get_parsers(self) -> list[Any]:
        """Un dépôt est un formulaire de fichiers ; le reste est du JSON."""
        est_un_depot = getattr(self, "action_map", {}).get("post") == "create"
        return [LecteurDeFichiers()] if est_un_depot else [LecteurJson()]

    @extend_schema(
        request={"multipart/form-data": DemandeImport}, responses={202: ImportSerialiseur}, parameters=[CLE_IDEMPOTENCE]
    )
    @rejouable
    def create(self, request: Request) -> Response:
        """Dépose des fichiers : l'essai à blanc suit, rien n'est écrit."""
        demande = DemandeImport(data=request.data)
        demande.is_valid(raise_exception=True)
        depose = depot.deposer_import(
            acteur=acteur_de(request),
            fichiers=depot.lire_les_recus(demande.validated_data["fichiers"]),
            effet=demande.validated_data.get("effet"),
        )
        return self._suivre(depose.pk)

    @extend_schema(request=DemandeApplication, responses={202: ImportSerialiseur}, parameters=[CLE_IDEMPOTENCE])
    @action(detail=True, methods=["post"])
    @rejouable
    def appliquer(self, request: Request, pk: str) -> Response:
        """Demande l'écriture d'un import essayé (`etat` : `essaye`) : tout, ou rien. Un jeton n'applique que ce qu'il a déposé."""
        demande = DemandeApplication(data=request.data)
        demande.is_valid(raise_exception=True)
        ignores = demande.validated_data["modes_ignores"]
        depot.demander_application(acteur=acteur_de(request), import_id=int(pk), modes_ignores=ignores)
        return self._suivre(int(pk))

    @extend_schema(request=None, responses={200: ImportSerialiseur}, parameters=[CLE_IDEMPOTENCE])
    @action(detail=True, methods=["post"])
    @rejouable
    def abandonner(self, request: Request, pk: str) -> Response:
        """Abandonne un import qui n'a rien écrit ; ses fichiers sont effacés."""
        depot.abandonner(acteur=acteur_de(request), import_id=int(pk))
        return self._suivre(int(pk), status.HTTP_200_OK)

    @extend_schema(request=None, responses={202: ImportSerialiseur}, parameters=[CLE_IDEMPOTENCE])
    @action(detail=True, methods=["post"])
    @rejouable
    def defaire(self, request: Request, pk: str) -> Response:
        """Demande le retour en arrière d'un import dont rien ne dépend encore ; au responsable si une convention signée en vient."""
        depot.demander_retour(acteur=acteur_de(request), import_id=int(pk))
        return self._suivre(int(pk))

    def _suivre(self, cle: int, statut: int = status.HTTP_202_ACCEPTED) -> Response:
        """L'import relu ; son adresse sert à le suivre. `etat` dit où il en est."""
        un = self.get_queryset().get(pk=cle)
        reponse = Response(self.get_serializer(un).data, status=statut)
        reponse["Location"] = self.reverse_action("detail", args=[cle])
        return reponse
