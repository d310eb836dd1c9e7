"""Les durées en base : étape par étape sur les baux signés, attente en cours sur les autres (RG-40)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    DurationField,
    ExpressionWrapper,
    F,
    FilteredRelation,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest

from attributions.domaine.codes import DECISIONS_FAVORABLES, Issue, Reponse
from attributions.domaine.delais import Attente, Duree, Repartition, repartir
from attributions.models import Candidat, Liberation
from attributions.models.liberations import LiberationQuerySet

BORNES: Mapping[Duree, tuple[str, str]] = {
    Duree.ORIENTATION: ("date_conge", "le_orientation"),
    Duree.NOTIFICATION: ("le_orientation", "le_mise_a_disposition"),
    Duree.PRESENTATION: ("le_mise_a_disposition", "le_proposition"),
    Duree.COMMISSION: ("le_proposition", "le_caleol"),
    Duree.REPONSE: ("le_caleol", "le_acceptation"),
    Duree.SIGNATURE: ("le_acceptation", "date_bail"),
    Duree.VACANCE: ("date_disponibilite", "date_bail"),
    Duree.TOTAL: ("date_conge", "date_bail"),
}
"""Début et fin de chaque durée."""
_DATES = ("orientation", "mise_a_disposition", "proposition", "caleol")


def avec_durees(liberations: QuerySet[Liberation]) -> QuerySet[Liberation]:
    """Les baux signés, avec une annotation `j_<durée>` par étape : celle de l'orientation qui a produit le bail.

    Une libération n'a qu'une orientation aboutie (la base y veille) : c'est une jointure, pas une recherche par ligne. La vacance ne
    descend pas sous zéro : un bail signé avant la disponibilité ne vaut pas de jours gagnés.
    """
    acceptation = (
        Candidat.objects.filter(orientation=OuterRef("productrice"), reponse=Reponse.ACCEPTE)
        .order_by()
        .values("orientation")
        .annotate(le=Max("date_reponse"))
        .values("le")
    )
    datees = liberations.filter(date_bail__isnull=False).annotate(
        productrice=FilteredRelation("orientations", condition=Q(orientations__issue=Issue.BAIL)),
        **{f"le_{nom}": F(f"productrice__date_{nom}") for nom in _DATES},
        le_acceptation=Subquery(acceptation),
    )
    durees: dict[str, Any] = {f"j_{duree.value}": _ecart(*bornes) for duree, bornes in BORNES.items()}
    durees["j_vacance"] = Greatest(durees["j_vacance"], Value(timedelta(0)), output_field=DurationField())
    return datees.annotate(**durees)


def _ecart(debut: str, fin: str) -> Combinable:
    return ExpressionWrapper(F(fin) - F(debut), output_field=DurationField())


def resumer(liberations: QuerySet[Liberation], durees: Iterable[Duree] = tuple(Duree)) -> list[Repartition]:
    """La répartition de ces durées sur ces baux (annotés par `avec_durees`) : une requête, chaque date lue une fois."""
    bornes = {duree: BORNES[duree] for duree in durees}
    champs = sorted({champ for paire in bornes.values() for champ in paire})
    places = {duree: (champs.index(debut), champs.index(fin)) for duree, (debut, fin) in bornes.items()}
    colonnes: dict[Duree, list[int]] = {duree: [] for duree in bornes}
    for ligne in liberations.order_by().values_list(*champs).iterator(chunk_size=5000):
        for duree, (place_debut, place_fin) in places.items():
            debut, fin = ligne[place_debut], ligne[place_fin]
            if debut is not None and fin is not None:
                jours = (fin - debut).days
                colonnes[duree].append(max(jours, 0) if duree is Duree.VACANCE else jours)
    return [repartir(duree, jours) for duree, jours in colonnes.items()]


def en_attente(liberations: LiberationQuerySet, le: date) -> QuerySet[Liberation]:
    """Les libérations actives sans bail, avec ce qu'elles attendent (`attente`), depuis quand (`depuis`) et leur vacance.

    `depuis` : l'étape précédente ; pour une libération à orienter, sa disponibilité.
    """
    champs: dict[str, Any] = {f"le_{nom}": F(f"courante__date_{nom}") for nom in _DATES}
    attente = Case(
        When(Q(le_orientation__isnull=True) & ~Q(exclusion=""), then=Value(Attente.HORS_FLUX.value)),
        When(le_orientation__isnull=True, then=Value(Attente.ORIENTATION.value)),
        When(Q(titulaire__isnull=False, le_mise_a_disposition__isnull=True), then=Value(Attente.NOTIFICATION.value)),
        When(le_proposition__isnull=True, then=Value(Attente.PRESENTATION.value)),
        When(~Q(decision_du_jour__in=list(DECISIONS_FAVORABLES)), then=Value(Attente.COMMISSION.value)),
        default=Value(Attente.REPONSE.value),
        output_field=CharField(),
    )
    depuis = Coalesce("le_caleol", "le_proposition", "le_mise_a_disposition", "le_orientation", "date_disponibilite")
    return (
        liberations.actives()
        .filter(date_bail__isnull=True)
        .annotate(
            courante=FilteredRelation("orientations", condition=Q(orientations__issue=Issue.EN_COURS)),
            **champs,
            titulaire=F("courante__reservataire_id"),
            decision_du_jour=Coalesce("courante__decision", Value("")),
        )
        .annotate(attente=attente, depuis=depuis)
        .annotate(
            j_attente=Greatest(_ecart_a(le, "depuis"), Value(timedelta(0)), output_field=DurationField()),
            j_vacance=Greatest(_ecart_a(le, "date_disponibilite"), Value(timedelta(0)), output_field=DurationField()),
        )
    )


def _ecart_a(le: date, debut: str) -> Combinable:
    return ExpressionWrapper(Value(le, output_field=DateField()) - F(debut), output_field=DurationField())


def compter_les_attentes(liberations: QuerySet[Any, Any]) -> dict[str, int]:
    """Combien de libérations attendent chaque étape (annotées par `en_attente`)."""
    lignes = liberations.order_by().values("attente").annotate(nombre=Count("pk")).values_list("attente", "nombre")
    return dict(lignes)


def seuil_de_vacance(repartitions: list[Repartition]) -> int | None:
    """Jours de vacance au-delà desquels une libération traîne : plus que trois baux sur quatre ; None sans bail."""
    vacance = next(une for une in repartitions if une.duree is Duree.VACANCE)
    return None if vacance.troisieme_quartile is None else int(vacance.troisieme_quartile)
