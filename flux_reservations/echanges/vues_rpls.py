"""Ce que le RPLS importé dit du stock et de la rotation, département par département, et le fichier des réservations à compléter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from bilans.views.analyses.commun import TableauSimple
from bilans.views.analyses.prevision import dire_la_rotation
from conventions.chargement_contingents import DeclarationRpls, Situation, charger_declaration, situation_des_droits
from conventions.chargement_rotation import charger_rotation_rpls
from conventions.domaine.codes import Contrepartie, NatureDroitStock, TypeReservataire
from conventions.domaine.contingents import CONTINGENTS, NON_RESERVE
from conventions.models import FicheRpls, Logement, Reservataire
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature
from flux_reservations.droit.assiette import ANNEES_DE_PREVISION
from flux_reservations.socle.exports import repondre_csv
from flux_reservations.socle.requete import Requete

TITULAIRES = {
    "1": TypeReservataire.ETAT,
    "2": TypeReservataire.ETAT,
    "3": TypeReservataire.ACTION_LOGEMENT,
}
"""Contingents dont le titulaire se devine s'il n'y en a qu'un de ce type."""
CONTREPARTIES = dict.fromkeys(("1", "2"), Contrepartie.CONTINGENT_PREFECTORAL.value)
ENTETES = ["logement", "reservataire", "contrepartie", "nature", "date_debut", "date_fin", "contingent_rpls"]


@dataclass(frozen=True, slots=True)
class DepartementRpls:
    """Un département : ce que le répertoire y déclare, et la rotation qu'il montre."""

    code: str
    nom: str
    declaration: DeclarationRpls
    rotation: TableauSimple | None


class StockRpls(ReserveeMixin):
    """La page, et le fichier `reservations_stock` à compléter (`?export=csv`)."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete) -> HttpResponseBase:
        """La page ou le fichier."""
        fiches = FicheRpls.objects.visibles_par(request.acteur)
        if request.GET.get("export") == "csv":
            return repondre_csv("reservations_stock-a-completer", ENTETES, _a_completer(fiches))
        departements = Logement.objects.visibles_par(request.acteur).filter(fiche_rpls__isnull=False).par_departement()
        contexte = {
            "titre": "Stock et rotation d'après le RPLS",
            "fil": [("Imports", reverse("imports"))],
            "annees_de_prevision": ANNEES_DE_PREVISION.valeur(timezone.localdate().replace(month=1, day=1)),
            "departements": [_lire(request.acteur.organisme, code, nom) for code, nom in departements],
        }
        return render(request, "echanges/rpls.html", contexte)


def _lire(bailleur: int, code: str, nom: str) -> DepartementRpls:
    jour = timezone.localdate()
    premier = jour.replace(month=1, day=1)
    rpls = charger_rotation_rpls(bailleur, code, premier)
    rotation = dire_la_rotation(rpls, code, premier) if rpls.est_connue else None
    return DepartementRpls(code, nom, charger_declaration(bailleur, code, jour), rotation)


def _a_completer(fiches: QuerySet[FicheRpls]) -> Iterator[list[object]]:
    """Une ligne par logement réservé d'après le RPLS et sans droit enregistré, actif ou échu ; le titulaire s'il ne fait pas de doute."""
    codes: dict[str, str] = {}
    for contingent, type_ in TITULAIRES.items():
        trouves = list(Reservataire.objects.filter(type=type_).values_list("code", flat=True)[:2])
        codes[contingent] = trouves[0] if len(trouves) == 1 else ""
    lignes = fiches.exclude(contingent__in=["", str(NON_RESERVE)])
    sans_droit = lignes.annotate(droits=situation_des_droits(timezone.localdate())).filter(droits=Situation.SANS)
    for fiche in sans_droit.select_related("logement").order_by("logement__identifiant").iterator(chunk_size=2000):
        yield [
            fiche.logement.identifiant,
            codes.get(fiche.contingent, ""),
            CONTREPARTIES.get(fiche.contingent, ""),
            NatureDroitStock.SUITE.value,
            "",
            "",
            CONTINGENTS[int(fiche.contingent)],
        ]
