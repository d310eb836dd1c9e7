"""Le parc qui pèse les choix du moteur : logements du flux par cellule, stock restant, rotation (moteur.md § 2)."""

from __future__ import annotations

from datetime import date

from django.db.models import BooleanField, Case, Count, FilteredRelation, Q, When

from attributions.chargement.decompte import compter_mises_en_location
from attributions.domaine.faits_moteur import Cellule, Parc, calculer_rotation
from conventions.chargement import ConventionsChargees, StockCharge, compter_droits_de_suite
from conventions.models import Logement, ReservationStock
from flux_reservations.commun.calendrier import premier_janvier, trente_et_un_decembre
from flux_reservations.droit.assiette import ANNEES_DE_PREVISION


def charger_parc(bailleur: int, departement: str, le: date) -> dict[Cellule, int]:
    """Logements du champ et du flux, par commune, QPV, typologie et financement, à cette date (une requête).

    Les mêmes que `logements_du_flux`, par une jointure : c'est le plus gros compte de l'année.
    """
    maintenus = ReservationStock.objects.actives(le).maintenues().filter(logement__bailleur_id=bailleur)
    lignes = (
        Logement.objects.filter(bailleur_id=bailleur, commune__departement_id=departement)
        .annotate(situation=FilteredRelation("situations", condition=Q(situations__periode__contains=le)))
        .filter(Q(situation__hors_champ="") | Q(situation__isnull=True))
        .exclude(pk__in=maintenus.values("logement_id"))
        .annotate(en_qpv=Case(When(situation__qpv__gt="", then=True), default=False, output_field=BooleanField()))
        .order_by()
        .values("commune_id", "en_qpv", "typologie", "financement")
        .annotate(nombre=Count("pk"))
        .values_list("commune_id", "en_qpv", "typologie", "financement", "nombre")
    )
    return {(commune, qpv, typologie, financement): nombre for commune, qpv, typologie, financement, nombre in lignes}


def stock_du_parc(bailleur: int, departement: str, le: date, parc: Parc) -> StockCharge:
    """Ce qui fonde le repli : les logements du parc déjà compté, et les droits de suite s'il en reste."""
    logements: dict[str, int] = {}
    for (commune, *_), nombre in parc.items():
        logements[commune] = logements.get(commune, 0) + nombre
    restants = ReservationStock.objects.actives(le).filter(logement__bailleur_id=bailleur)
    droits = compter_droits_de_suite(bailleur, departement, le) if restants.exists() else {}
    return StockCharge(logements, droits)


def charger_rotation(bailleur: int, departement: str, annee: int, chargees: ConventionsChargees, logements: int) -> int:
    """Rotation des trois années civiles précédentes, en points de base (une requête)."""
    premier = premier_janvier(annee)
    annees = ANNEES_DE_PREVISION.valeur(premier)
    locations = compter_mises_en_location(
        bailleur,
        departement,
        premier_janvier(annee - annees),
        trente_et_un_decembre(annee - 1),
        chargees.conventions,
        premier,
    )
    return calculer_rotation(sum(locations.values()), logements, annees)
