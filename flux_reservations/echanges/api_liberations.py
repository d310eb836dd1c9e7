"""Écrire ses libérations par l'API : déclarer, corriger, dire le bail (formats.md § 3)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from attributions.api import CLE_IDEMPOTENCE, LiberationSerialiseur, LiberationVues
from attributions.domaine.codes import Exclusion, NatureLiberation, Retrait
from flux_reservations.acces.api import acteur_de, rejouable
from flux_reservations.echanges import liberations


class DemandeLiberation(serializers.Serializer[dict[str, Any]]):
    """Une libération à déclarer, aux noms de colonnes du tableau `liberations` ; vide ou null : inconnu."""

    numero = serializers.CharField(max_length=60)
    logement = serializers.CharField(max_length=60, help_text="Identifiant du logement au patrimoine.")
    date_conge = serializers.DateField(required=False, allow_null=True)
    date_disponibilite = serializers.DateField()
    nature = serializers.ChoiceField(NatureLiberation.choix(), required=False)
    exclusion = serializers.ChoiceField(Exclusion.choix(), required=False, allow_blank=True)
    motif_exclusion = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    retrait = serializers.ChoiceField(Retrait.choix(), required=False, allow_blank=True)
    motif_retrait = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    date_bail = serializers.DateField(required=False, allow_null=True)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Les valeurs lues ; un champ inconnu est refusé plutôt qu'oublié."""
        lues: dict[str, Any] = super().to_internal_value(data)
        inconnus = sorted(set(data) - set(self.fields))
        if inconnus:
            connus = ", ".join(self.fields)
            raise serializers.ValidationError(
                {nom: [f"Champ inconnu : une libération a {connus}."] for nom in inconnus}
            )
        return lues


class CorrectionLiberation(DemandeLiberation):
    """Ce qui change d'une libération ; déjà orientée, ses changements se motivent (RG-31, RG-40)."""

    motif = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=2000,
        help_text="Pourquoi `date_disponibilite` change : obligatoire si la libération est déjà orientée. Gardé au journal.",
    )
    motif_exclusion = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=2000,
        help_text="Obligatoire si `exclusion` change et que la libération est déjà orientée (RG-31).",
    )
    motif_retrait = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=2000,
        help_text="Obligatoire si `retrait` change et que la libération est déjà orientée (RG-40).",
    )


class DemandeBail(serializers.Serializer[dict[str, Any]]):
    """Le jour où le bail est signé."""

    date_bail = serializers.DateField()


class LiberationsEcrites(LiberationVues):
    """Les libérations que l'acteur voit ; le bailleur y écrit les siennes, aux règles de l'import."""

    @extend_schema(request=DemandeLiberation, responses={201: LiberationSerialiseur}, parameters=[CLE_IDEMPOTENCE])
    @rejouable
    def create(self, request: Request) -> Response:
        """Déclare une libération (RG-40) ; un numéro déjà pris est un conflit (409)."""
        demande = DemandeLiberation(data=request.data)
        demande.is_valid(raise_exception=True)
        creee = liberations.declarer_liberation(acteur=acteur_de(request), saisie=demande.validated_data)
        return self._rendre(creee.pk, status.HTTP_201_CREATED)

    @extend_schema(request=CorrectionLiberation, responses={200: LiberationSerialiseur}, parameters=[CLE_IDEMPOTENCE])
    @rejouable
    def partial_update(self, request: Request, pk: str) -> Response:
        """Corrige une libération : un champ absent reste en place, un champ vide s'efface.

        Déjà orientée, changer son exclusion, son retrait ou sa date demande un motif (422, code `motif_obligatoire`).
        """
        demande = CorrectionLiberation(data=request.data, partial=True)
        demande.is_valid(raise_exception=True)
        corrigee = liberations.corriger_liberation(
            acteur=acteur_de(request), liberation_id=int(pk), saisie=demande.validated_data
        )
        return self._rendre(corrigee.pk, status.HTTP_200_OK)

    @extend_schema(request=DemandeBail, responses={200: LiberationSerialiseur}, parameters=[CLE_IDEMPOTENCE])
    @action(detail=True, methods=["post"])
    @rejouable
    def signer_bail(self, request: Request, pk: str) -> Response:
        """Signe le bail (RG-40, RG-45) : l'orientation en cours est conclue ; sans orientation, le bail est hors du flux (RG-31)."""
        demande = DemandeBail(data=request.data)
        demande.is_valid(raise_exception=True)
        louee = liberations.dire_le_bail(
            acteur=acteur_de(request), liberation_id=int(pk), le=demande.validated_data["date_bail"]
        )
        return self._rendre(louee.pk, status.HTTP_200_OK)

    def _rendre(self, cle: int, statut: int) -> Response:
        """La libération relue, comme une lecture la rendrait."""
        return Response(self.get_serializer(self.get_queryset().get(pk=cle)).data, status=statut)
