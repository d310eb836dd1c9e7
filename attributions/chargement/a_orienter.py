"""Ce que montre l'écran « À orienter » : chaque libération qui attend, sa proposition, son contexte (RG-41, RG-51)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from django.db.models import Count, Max, Q

from attributions.chargement.comptes import noms_des_reservataires
from attributions.chargement.occupation import Occupations, charger_occupations, occupation_de
from attributions.domaine.codes import nommer_compte
from attributions.domaine.faits_moteur import U
from attributions.domaine.lot_vivant import LigneDuLot, LotVivant
from attributions.domaine.occupation import OccupationMontree
from attributions.domaine.parcours import jours_de_vacance
from attributions.models import Besoin, Liberation, Orientation, Proposition
from conventions.models import Bailleur
from flux_reservations.socle.presentation import BarreRetard

DEPUIS_HIER = timedelta(hours=24)
CONTEXTE = timedelta(days=3 * 365)
"""Emménagements récents montrés avec la résidence."""


@dataclass(frozen=True, slots=True)
class ContexteResidence:
    """La résidence, à défaut la commune : baux récents, part de prioritaires, dernier emménagement (RG-51)."""

    lieu: str
    dernier_emmenagement: date | None
    baux: int
    publics_connus: int
    prioritaires: int


@dataclass(frozen=True, slots=True)
class LogementAOrienter:
    """Une ligne du lot : la libération, la proposition, les retards, ce qui a changé, le contexte."""

    liberation: Liberation
    qpv: str
    ligne: LigneDuLot
    barres: tuple[BarreRetard, ...]
    vacance: int
    changee_le: datetime | None
    precedent: str
    contexte: ContexteResidence | None
    occupation: OccupationMontree | None
    besoins: tuple[Besoin, ...]
    noms: Mapping[str, str]
    """Nom de chaque réservataire cité, par code."""
    publics: str = ""
    """Ce que le compte proposé a servi de prioritaires cette année, s'il est en dessous de son objectif (RG-50)."""

    @property
    def nom_du_compte(self) -> str:
        """Le compte proposé, en clair, sous-contingent pressenti compris."""
        sous_contingent = f"/{self.ligne.pressenti}" if self.ligne.pressenti else ""
        return nommer_compte(self.ligne.compte + sous_contingent, self.noms)

    @property
    def nom_precedent(self) -> str:
        """Le compte que la proposition disait avant de changer, en clair ; vide si elle n'a pas changé."""
        precedent = self.precedent or self.ligne.precedente
        return nommer_compte(precedent, self.noms) if precedent else ""


@dataclass(frozen=True, slots=True)
class _Entourage:
    """Ce qui éclaire tout le lot : contextes et occupations des résidences, besoins, noms des comptes."""

    contextes: Mapping[tuple[str, str], ContexteResidence]
    occupations: Occupations
    besoins: tuple[Besoin, ...]
    noms: Mapping[str, str]


def charger_logements_a_orienter(
    bailleur: Bailleur, vivant: LotVivant, identifiants: dict[str, int], le: date, instant: datetime
) -> list[LogementAOrienter]:
    """Les lignes du lot avec leur logement et leur contexte : dix requêtes, quel que soit leur nombre."""
    lignes = vivant.lignes()
    cles = [identifiants[ligne.numero] for ligne in lignes]
    liberations = {
        une.pk: une
        for une in Liberation.objects.filter(pk__in=cles, bailleur=bailleur)
        .select_related("logement__commune")
        .prefetch_related("logement__situations")
    }
    propositions = {une.liberation_id: une for une in Proposition.objects.filter(liberation_id__in=cles)}
    cites = {un.compte for ligne in lignes for un in ligne.du_moment} | {ligne.compte for ligne in lignes}
    entourage = _Entourage(
        contextes=_charger_contextes(bailleur, liberations.values(), le),
        occupations=charger_occupations(bailleur.pk, {une.logement.programme for une in liberations.values()}, le),
        besoins=tuple(Besoin.objects.courants(le).pour_le_bailleur(bailleur.pk).select_related("reservataire")),
        noms=noms_des_reservataires(cites | {une.compte_precedent for une in propositions.values()}),
    )
    return [
        _logement(liberations[identifiants[ligne.numero]], ligne, propositions, entourage, le=le, instant=instant)
        for ligne in lignes
    ]


def _logement(
    liberation: Liberation,
    ligne: LigneDuLot,
    propositions: dict[int, Proposition],
    entourage: _Entourage,
    *,
    le: date,
    instant: datetime,
) -> LogementAOrienter:
    proposition = propositions.get(liberation.pk)
    logement = liberation.logement
    situation = next((une for une in logement.situations.all() if le in une.periode), None)
    recente = (
        proposition is not None
        and proposition.changee_le is not None
        and instant - proposition.changee_le < DEPUIS_HIER
    )
    return LogementAOrienter(
        liberation=liberation,
        qpv=situation.qpv if situation else "",
        ligne=ligne,
        barres=tuple(
            BarreRetard(
                nommer_compte(un.compte, entourage.noms),
                Fraction(un.retard, U),
                note="proposé" if un.compte == ligne.compte else "",
            )
            for un in ligne.du_moment
        ),
        vacance=jours_de_vacance(liberation.date_disponibilite, None, le),
        changee_le=proposition.changee_le if proposition and recente else None,
        precedent=proposition.compte_precedent if proposition and recente else "",
        noms=entourage.noms,
        contexte=entourage.contextes.get((logement.programme, "" if logement.programme else logement.commune_id)),
        occupation=occupation_de(logement, entourage.occupations),
        besoins=tuple(
            besoin
            for besoin in entourage.besoins
            if besoin.typologie in {"", logement.typologie} and (not besoin.pmr or logement.pmr)
        ),
    )


def _charger_contextes(
    bailleur: Bailleur, liberations: Collection[Liberation], le: date
) -> dict[tuple[str, str], ContexteResidence]:
    """Par résidence, les baux des trois dernières années ; par commune pour les logements sans programme. Deux requêtes."""
    programmes = {une.logement.programme for une in liberations} - {""}
    communes = {une.logement.commune_id: une.logement.commune.nom for une in liberations if not une.logement.programme}
    recents = Orientation.objects.filter(
        liberation__bailleur=bailleur, liberation__date_bail__gt=le - CONTEXTE, issue="bail"
    )
    comptes = {
        "baux": Count("pk"),
        "connus": Count("pk", filter=~Q(public="")),
        "prioritaires": Count("pk", filter=Q(public__in=["dalo", "prioritaire"])),
        "dernier": Max("liberation__date_bail"),
    }
    par_programme = (
        recents.filter(liberation__logement__programme__in=programmes)
        .order_by()
        .values_list("liberation__logement__programme")
        .annotate(**comptes)
    )
    par_commune = (
        recents.filter(liberation__logement__commune__in=list(communes))
        .order_by()
        .values_list("liberation__logement__commune_id")
        .annotate(**comptes)
    )
    contextes = {
        (nom, ""): ContexteResidence(nom, dernier, baux, connus, prioritaires)
        for nom, baux, connus, prioritaires, dernier in par_programme
    }
    return contextes | {
        ("", code): ContexteResidence(communes[code], dernier, baux, connus, prioritaires)
        for code, baux, connus, prioritaires, dernier in par_commune
    }
