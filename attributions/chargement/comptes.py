"""Le lot qui attend, tel qu'il est aujourd'hui : recalculé des faits et des propositions déposées, sans rien écrire."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from django.db.models import Q, QuerySet

from attributions.chargement.moteur import AnneeDuMoteur, charger_annee_du_moteur
from attributions.domaine.faits_moteur import Reglages, U
from attributions.domaine.lot_vivant import Deposee, LotVivant
from attributions.domaine.moteur import Eligible
from attributions.models import Liberation, Proposition
from conventions.models import Bailleur, Reservataire
from flux_reservations.commun.arrondis import chaine_exacte
from flux_reservations.commun.calendrier import premier_janvier, trente_et_un_decembre


@dataclass(frozen=True, slots=True)
class Comptes:
    """Les comptes d'un bailleur dans un département pour une année : ce que le verrou protège."""

    bailleur: Bailleur
    departement: str
    annee: int

    @classmethod
    def d_une_liberation(cls, liberation: Liberation, le: date) -> Comptes:
        """Ceux où se décide une libération : l'année de sa disponibilité, ou celle en cours si elle attend encore un bail."""
        derniere = min(le.year, liberation.date_bail.year) if liberation.date_bail else le.year
        annee = max(liberation.date_disponibilite.year, derniere)
        return cls(liberation.bailleur, liberation.logement.commune.departement_id, annee)


def etablir_le_lot(comptes: Comptes, le: date, reglages: Reglages | None = None) -> tuple[AnneeDuMoteur, LotVivant]:
    """L'année et son lot d'aujourd'hui, recalculés des faits et des propositions déposées ; n'écrit rien."""
    chargee = charger_annee_du_moteur(comptes.bailleur, comptes.departement, comptes.annee)
    deposees = {
        proposition.liberation.numero: _lire_deposee(proposition)
        for proposition in propositions_des_comptes(comptes).select_related("liberation", "reservataire")
    }
    return chargee, LotVivant(chargee.faits, le, deposees, reglages)


def propositions_des_comptes(comptes: Comptes) -> QuerySet[Proposition]:
    """Les propositions déposées de libérations qui entrent dans l'année."""
    premier, dernier = premier_janvier(comptes.annee), trente_et_un_decembre(comptes.annee)
    anterieures = Q(liberation__date_disponibilite__lt=premier) & (
        Q(liberation__date_bail__isnull=True) | Q(liberation__date_bail__gte=premier)
    )
    return Proposition.objects.filter(
        Q(liberation__date_disponibilite__range=(premier, dernier)) | anterieures,
        liberation__bailleur=comptes.bailleur,
        liberation__logement__commune__departement_id=comptes.departement,
    )


def _lire_deposee(proposition: Proposition) -> Deposee:
    return Deposee(
        partie=proposition.compte,
        initial=proposition.compte_initial,
        eligibles=tuple(Eligible(un["compte"], int(Fraction(un["retard"]) * U)) for un in proposition.eligibles),
    )


def noms_des_reservataires(comptes: Iterable[str]) -> dict[str, str]:
    """Nom court de chaque réservataire cité par ces comptes, par code, pour `nommer_compte` (une requête)."""
    codes = {compte.partition("/")[0] for compte in comptes}
    return {qui.code: qui.nom_court for qui in Reservataire.objects.filter(code__in=codes)}


def presenter_eligibles(eligibles: Iterable[Eligible]) -> list[dict[str, str]]:
    """Comptes et retards à quatre décimales, tels qu'on les garde et qu'on les écrit."""
    return [{"compte": un.compte, "retard": chaine_exacte(Fraction(un.retard, U))} for un in eligibles]
