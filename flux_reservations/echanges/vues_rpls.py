"""Le stock et la rotation d'après le RPLS : ce que CONTRESLOG dit face à ce qui est enregistré, et la rotation estimée."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models.functions import ExtractYear
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from conventions.domaine.codes import NatureDroitStock, TypeReservataire, Typologie
from conventions.models import Reservataire, ReservationStock
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature
from flux_reservations.droit.assiette import ANNEES_DE_PREVISION
from flux_reservations.echanges.models import CONTINGENTS, FicheRpls
from flux_reservations.echanges.rotation import estimer_rotation
from flux_reservations.socle.exports import repondre_csv
from flux_reservations.socle.presentation import ecrire_taux
from flux_reservations.socle.requete import Requete

TYPOLOGIES = tuple(typologie.value for typologie in Typologie)
NON_RESERVE = "7"
TITULAIRES = {
    "1": TypeReservataire.ETAT,
    "2": TypeReservataire.ETAT,
    "3": TypeReservataire.ACTION_LOGEMENT,
}
"""Contingents dont le titulaire se devine s'il n'y en a qu'un de ce type."""
CONTREPARTIES = {"1": "contingent_prefectoral", "2": "contingent_prefectoral"}


@dataclass(frozen=True, slots=True)
class LigneContingent:
    """Un contingent : ses logements par typologie, et ceux qui ont un droit de suite enregistré."""

    libelle: str
    par_typologie: tuple[int, ...]
    enregistres: int
    est_reserve: bool

    @property
    def total(self) -> int:
        """Logements du contingent."""
        return sum(self.par_typologie)

    @property
    def manquants(self) -> int:
        """Logements réservés d'après le RPLS et sans droit enregistré."""
        return self.total - self.enregistres if self.est_reserve else 0


@dataclass(frozen=True, slots=True)
class LigneRotation:
    """Une commune : ses baux en cours des dernières années, et la rotation qu'ils disent."""

    commune: str
    connus: int
    par_annee: tuple[int, ...]
    rotation: str


class StockRpls(ReserveeMixin):
    """La page, et le fichier `reservations_stock` à compléter (`?export=csv`)."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete) -> HttpResponseBase:
        """La page ou le fichier."""
        fiches = FicheRpls.objects.visibles_par(request.acteur)
        if request.GET.get("export") == "csv":
            entetes = [
                "logement",
                "reservataire",
                "contrepartie",
                "nature",
                "date_debut",
                "date_fin",
                "contingent_rpls",
            ]
            return repondre_csv("reservations_stock-a-completer", entetes, _a_completer(fiches))
        annees, rotations = _rotations(fiches)
        contexte = {
            "titre": "Stock et rotation d'après le RPLS",
            "fil": [("Imports", reverse("imports"))],
            "typologies": TYPOLOGIES,
            "contingents": _contingents(fiches),
            "annees": annees,
            "rotations": rotations,
        }
        return render(request, "echanges/rpls.html", contexte)


def _avec_droit(fiches: QuerySet[FicheRpls]) -> Any:
    droits = ReservationStock.objects.actives(timezone.localdate()).filter(
        logement=OuterRef("logement"), nature=NatureDroitStock.SUITE
    )
    return fiches.annotate(a_un_droit=Exists(droits))


def _contingents(fiches: QuerySet[FicheRpls]) -> list[LigneContingent]:
    nombres: dict[str, Counter[str]] = defaultdict(Counter)
    enregistres: Counter[str] = Counter()
    lignes = (
        _avec_droit(fiches).exclude(contingent="").order_by()
        .values_list("contingent", "logement__typologie", "a_un_droit").annotate(nombre=Count("pk"))
    )  # fmt: skip
    for contingent, typologie, a_un_droit, nombre in lignes:
        nombres[contingent][typologie] += nombre
        enregistres[contingent] += nombre if a_un_droit else 0
    return [
        LigneContingent(
            CONTINGENTS[code], tuple(nombres[code][t] for t in TYPOLOGIES), enregistres[code], code != NON_RESERVE
        )
        for code in sorted(nombres)
    ]


def _rotations(fiches: QuerySet[FicheRpls]) -> tuple[list[int], list[LigneRotation]]:
    """Rotation par commune, puis l'ensemble ; la dernière année est celle du bail le plus récent, si elle est finie."""
    lignes = (
        fiches.exclude(dernier_bail=None).annotate(annee=ExtractYear("dernier_bail")).order_by()
        .values_list("logement__commune__nom", "annee").annotate(nombre=Count("pk"))
    )  # fmt: skip
    baux: dict[str, Counter[int]] = defaultdict(Counter)
    for commune, annee, nombre in lignes:
        baux[commune][annee] += nombre
    if not baux:
        return [], []
    ensemble: Counter[int] = sum(baux.values(), Counter())
    aujourd_hui = timezone.localdate()
    derniere = min(max(ensemble), aujourd_hui.year - 1)
    annees = list(range(derniere, derniere - ANNEES_DE_PREVISION.valeur(aujourd_hui), -1))
    tout = [*sorted(baux.items()), ("Ensemble", ensemble)]
    return annees, [_ligne_de_rotation(nom, un, annees) for nom, un in tout]


def _ligne_de_rotation(nom: str, baux: Counter[int], annees: list[int]) -> LigneRotation:
    rotation = estimer_rotation(baux, annees[0], len(annees))
    connus = sum(nombre for annee, nombre in baux.items() if annee <= annees[0])
    return LigneRotation(
        nom, connus, tuple(baux[annee] for annee in annees), ecrire_taux(None if rotation is None else rotation * 100)
    )


def _a_completer(fiches: QuerySet[FicheRpls]) -> Iterator[list[object]]:
    """Une ligne par logement réservé d'après le RPLS et sans droit enregistré ; le titulaire s'il ne fait pas de doute."""
    codes: dict[str, str] = {}
    for contingent, type_ in TITULAIRES.items():
        trouves = list(Reservataire.objects.filter(type=type_).values_list("code", flat=True)[:2])
        codes[contingent] = trouves[0] if len(trouves) == 1 else ""
    lignes = _avec_droit(fiches).filter(a_un_droit=False).exclude(contingent__in=["", NON_RESERVE])
    for fiche in lignes.select_related("logement").order_by("logement__identifiant").iterator(chunk_size=2000):
        yield [
            fiche.logement.identifiant,
            codes.get(fiche.contingent, ""),
            CONTREPARTIES.get(fiche.contingent, ""),
            NatureDroitStock.SUITE.value,
            "",
            "",
            CONTINGENTS[fiche.contingent],
        ]
