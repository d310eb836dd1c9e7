"""Les publics de l'année, à ce jour : ce que montrent l'orientation et la séance (RG-50) ; le bilan les fige, ici ils courent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet

from attributions.chargement.comptes import noms_des_reservataires
from attributions.domaine.codes import COMPTE_BAILLEUR, Issue, nommer_compte
from attributions.domaine.publics import RELOGEMENTS, Indicateur, Menage, mesurer
from attributions.models import Orientation
from conventions.models import SituationLogement
from flux_reservations.commun.calendrier import premier_janvier


def mesurer_les_publics(bailleur_id: int, le: date, departement: str = "") -> tuple[Indicateur, ...]:
    """Les trois objectifs de RG-50 sur les baux signés du 1er janvier à ce jour : une requête.

    Un bail hors du champ n'y entre pas ; un public inconnu ne compte ni pour ni contre.
    """
    menages = [
        Menage(
            compte=code or COMPTE_BAILLEUR,
            type_du_compte=type_ or COMPTE_BAILLEUR,
            public=public,
            est_en_qpv=est_en_qpv,
            est_un_relogement=exclusion in RELOGEMENTS,
        )
        for code, type_, public, exclusion, est_en_qpv, nombre in _compter(bailleur_id, le, departement)
        for _ in range(nombre)
    ]
    return mesurer(menages, le)


def avec_leur_nom(indicateurs: Iterable[Indicateur]) -> list[tuple[Indicateur, str]]:
    """Chaque indicateur et le nom lisible de son compte, pour les écrans (une requête)."""
    lus = list(indicateurs)
    noms = noms_des_reservataires(un.compte for un in lus)
    return [(un, nommer_compte(un.compte, noms) if un.compte else "Tous les baux") for un in lus]


def _compter(bailleur_id: int, le: date, departement: str) -> QuerySet[Orientation, tuple[Any, ...]]:
    situations = SituationLogement.objects.filter(
        logement=OuterRef("liberation__logement_id"), periode__contains=OuterRef("liberation__date_bail")
    )
    baux = Orientation.objects.filter(
        issue=Issue.BAIL,
        liberation__bailleur_id=bailleur_id,
        liberation__date_bail__range=(premier_janvier(le.year), le),
    )
    if departement:
        baux = baux.filter(liberation__logement__commune__departement_id=departement)
    return (
        baux.exclude(Exists(situations.exclude(hors_champ="")))
        .annotate(
            est_en_qpv=Exists(situations.exclude(qpv="")), code=F("reservataire__code"), type=F("reservataire__type")
        )
        .order_by()
        .values_list("code", "type", "public", "liberation__exclusion", "est_en_qpv")
        .annotate(nombre=Count("pk"))
    )
