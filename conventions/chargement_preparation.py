"""Préremplir un brouillon : les droits qu'un réservataire tire de son stock, ou du maximum de l'État (RG-14, RG-24, RG-35)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count

from conventions.chargement import (
    charger_droits_en_stock,
    charger_reservataires,
    charger_zones,
    compter_par_strate,
)
from conventions.chargement_autorites import charger_reservataires_du_departement
from conventions.domaine.codes import STOCK_MAINTENU, Contrepartie, EtatConvention, SousContingent
from conventions.domaine.conversion import Conversion, FaitsConversion, convertir_stock
from conventions.domaine.saisie import LigneSaisie
from conventions.models import Convention, Reservataire, ReservationStock
from flux_reservations.commun.arrondis import arrondir
from flux_reservations.droit.taux import PART_MAXIMALE_AGENTS, PART_MAXIMALE_ETAT


@dataclass(frozen=True, slots=True)
class Preparation:
    """Ce qu'il faut pour préremplir les brouillons d'un département, lu une fois."""

    conversions: Mapping[int, Conversion]
    contreparties: Mapping[int, str]
    departement: str
    le: date
    territoires: frozenset[str]
    """Codes des territoires qui touchent le département."""

    def droits_de(self, reservataire: Reservataire) -> list[LigneSaisie]:
        """Les lignes proposées : l'État au maximum, les autres au taux simple de leur stock ; vide sans stock."""
        if reservataire.est_etat:
            return self._droits_de_l_etat()
        conversion = self.conversions.get(reservataire.pk)
        perimetre = self._perimetre_de(reservataire)
        if conversion is None or not conversion.taux_simple or perimetre not in self.territoires:
            return []
        taux = Decimal(arrondir(conversion.taux_simple * 100)) / 100
        contrepartie = self.contreparties.get(reservataire.pk, Contrepartie.LOGEMENTS_IDENTIFIES)
        return [LigneSaisie(contrepartie, min(taux, Decimal(100)), (perimetre,))]

    def _droits_de_l_etat(self) -> list[LigneSaisie]:
        agents = PART_MAXIMALE_AGENTS.valeur(self.le) * 100
        tout = PART_MAXIMALE_ETAT.valeur(self.le) * 100
        lieu = (f"departement:{self.departement}",)
        return [
            LigneSaisie(Contrepartie.CONTINGENT_PREFECTORAL, tout - agents, lieu, SousContingent.PRIORITAIRES.value),
            LigneSaisie(Contrepartie.CONTINGENT_PREFECTORAL, agents, lieu, SousContingent.AGENTS.value),
        ]

    def _perimetre_de(self, reservataire: Reservataire) -> str:
        """Le territoire d'une collectivité s'il tient dans le département, le département sinon (RG-11)."""
        territoire = reservataire.territoire_id or ""
        if reservataire.est_collectivite and territoire and not territoire.startswith("region:"):
            return territoire
        return f"departement:{self.departement}"


def charger_preparation(bailleur_id: int, departement: str, le: date) -> Preparation:
    """Lit le stock du département à cette date (nombre fixe de requêtes). Le taux simple ne demande pas la rotation."""
    zones = charger_zones(departement)
    droits = charger_droits_en_stock(bailleur_id, departement, le)
    faits = FaitsConversion(
        bailleur=str(bailleur_id),
        departement=departement,
        date=le,
        logements=compter_par_strate(bailleur_id, departement, le),
        mises_en_location={},
        droits=droits,
        reservataires=charger_reservataires({un.reservataire for un in droits}, zones, departement),
    )
    return Preparation(
        {un.reservataire.identifiant: un for un in convertir_stock(faits)},
        _contreparties(bailleur_id, departement, le),
        departement,
        le,
        frozenset(zones),
    )


def _contreparties(bailleur_id: int, departement: str, le: date) -> dict[int, str]:
    """La contrepartie la plus fréquente du stock de chaque réservataire."""
    lignes = (
        ReservationStock.objects.de_suite(bailleur_id, departement, le)
        .order_by()
        .values_list("reservataire_id", "contrepartie")
        .annotate(nombre=Count("pk"))
        .order_by("nombre", "contrepartie")
    )
    return {reservataire: contrepartie for reservataire, contrepartie, _ in lignes}


def reservataires_du_departement(bailleur_id: int, departement: str) -> list[Reservataire]:
    """Ceux qui ont un droit chez ce bailleur, et l'État, qui doit toujours avoir sa convention (RG-24)."""
    connus = charger_reservataires_du_departement(bailleur_id, departement)
    if any(un.est_etat for un in connus):
        return connus
    etat = Reservataire.objects.filter(type="etat", territoire_id=f"departement:{departement}").order_by("code").first()
    return [etat, *connus] if etat is not None else connus


def reservataires_a_conventionner(bailleur_id: int, departement: str, le: date) -> list[Reservataire]:
    """Ceux du département qui n'ont ni version en préparation, ni convention signée qui court ou courra à cette date.

    L'État du département en est toujours ; la défense, la sécurité intérieure et la santé gardent leur stock (RG-07).
    """
    pourvus = set()
    for convention in Convention.objects.filter(bailleur_id=bailleur_id, departement_id=departement):
        fin = min((jour for jour in (convention.date_fin, convention.date_resiliation) if jour), default=None)
        if convention.etat != EtatConvention.SIGNEE or fin is None or fin >= le:
            pourvus.add(convention.reservataire_id)
    return sorted(
        (
            un
            for un in reservataires_du_departement(bailleur_id, departement)
            if un.pk not in pourvus and un.type not in STOCK_MAINTENU
        ),
        key=lambda un: (not un.est_etat, un.nom),
    )
