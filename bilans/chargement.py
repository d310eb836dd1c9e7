"""Des tables aux faits du flux d'une année, en un nombre fixe de requêtes, quel que soit le volume."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from attributions.chargement.decompte import charger_orientations, charger_reports
from attributions.domaine.codes import Issue
from attributions.models import Inscription, Liberation, Orientation
from bilans.domaine.faits import FaitsFlux, FaitsLiberation, Situation
from conventions.chargement import (
    charger_conventions,
    charger_reservataires,
    charger_stock,
    du_departement,
    etat_du_departement,
    replis_de_l_annee,
)
from conventions.domaine.versions import Conventions
from conventions.models import Bailleur, ReservationStock, SituationLogement
from flux_reservations.commun.calendrier import premier_janvier, trente_et_un_decembre
from flux_reservations.droit.delais import DELAI_DE_PRESENTATION
from flux_reservations.territoires.models import Commune

_DATES_D_ORIENTATION = (
    "date_orientation",
    "date_mise_a_disposition",
    "date_limite_prolongee",
    "date_proposition",
    "date_caleol",
    "date_rendu",
)
_CHAMPS_DE_LIBERATION = (
    "logement_id",
    "pk",
    "numero",
    "logement__commune_id",
    "logement__typologie",
    "logement__financement",
    "logement__annee_construction",
    "date_disponibilite",
    "date_bail",
    "date_conge",
    "nature",
    "exclusion",
    "retrait",
)


def charger_faits_flux(bailleur: Bailleur, departement: str, annee: int, *, avec_controles: bool = True) -> FaitsFlux:
    """Les faits du flux de l'année d'un bailleur dans un département (nombre fixe de requêtes).

    Sans `avec_controles`, il manque ce que seuls les contrôles lisent : motifs des séances et noms des communes.
    """
    chargees = charger_conventions(bailleur.pk, departement)
    stock = charger_stock(bailleur.pk, departement, premier_janvier(annee))
    liberations = charger_liberations(bailleur.pk, departement, annee, chargees.conventions)
    orientes = {
        orientation.reservataire
        for liberation in liberations
        for orientation in liberation.orientations
        if orientation.reservataire is not None
    }
    conventionnes = {version.reservataire.identifiant for version in chargees.conventions.versions}
    reservataires = charger_reservataires(orientes | conventionnes | set(stock.droits), chargees.zones, departement)
    return FaitsFlux(
        bailleur=bailleur.siren,
        departement=departement,
        annee=annee,
        conventions=chargees.conventions,
        liberations=liberations,
        reservataires=reservataires,
        etat=etat_du_departement(chargees.conventions, reservataires),
        reports=charger_reports(bailleur.pk, departement, annee),
        replis=replis_de_l_annee(annee, chargees, stock, reservataires),
        logements_du_champ=stock.logements,
        communes=frozenset(stock.logements_par_commune),
        nombres_motives=_charger_nombres_motives(bailleur.pk, annee) if avec_controles else frozenset(),
        noms_des_communes=_charger_noms_des_communes(departement) if avec_controles else {},
    )


def _charger_noms_des_communes(departement: str) -> dict[str, str]:
    """Nom de chaque commune du département (une requête)."""
    return dict(Commune.objects.du_departement(departement).order_by().values_list("pk", "nom"))


def _charger_nombres_motives(bailleur: int, annee: int) -> frozenset[int]:
    """Orientations des baux de l'année dont une séance a motivé le petit nombre de demandes examinées (une requête) (RG-42)."""
    return frozenset(
        Inscription.objects.filter(
            seance__bailleur_id=bailleur,
            orientation__liberation__date_bail__range=(premier_janvier(annee), trente_et_un_decembre(annee)),
        )
        .exclude(motif_nombre="")
        .values_list("orientation_id", flat=True)
    )


def charger_liberations(bailleur: int, departement: str, annee: int, conventions: Conventions) -> list[FaitsLiberation]:
    """Libérations qui ont un bail, une orientation ou un décompte possible dans l'année (quatre requêtes)."""
    lignes: list[tuple[Any, ...]] = list(
        _liberations_de_l_annee(bailleur, departement, annee, conventions).values_list(*_CHAMPS_DE_LIBERATION)
    )
    logements = {ligne[0] for ligne in lignes}
    situations = _charger_situations(logements)
    maintenus = _charger_stock_maintenu(bailleur)
    orientations = charger_orientations(ligne[1] for ligne in lignes)
    return [
        FaitsLiberation(
            identifiant=ligne[1],
            numero=ligne[2],
            commune=ligne[3],
            typologie=ligne[4],
            financement=ligne[5],
            annee_construction=ligne[6],
            date_disponibilite=ligne[7],
            date_bail=ligne[8],
            date_conge=ligne[9],
            nature=ligne[10],
            exclusion=ligne[11],
            retrait=ligne[12],
            stock_maintenu_de=titulaire_du_stock_maintenu(maintenus.get(ligne[0], ()), ligne[7]),
            situations=situations.get(ligne[0], ()),
            orientations=orientations.get(ligne[1], ()),
        )
        for ligne in lignes
    ]


def _liberations_de_l_annee(
    bailleur: int, departement: str, annee: int, conventions: Conventions
) -> QuerySet[Liberation]:
    """Filtre large : tout ce qui peut compter dans l'année, rien de plus ancien que le plus long délai de présentation."""
    periode = (premier_janvier(annee), trente_et_un_decembre(annee))
    une_date_dans_l_annee = Q()
    for champ in _DATES_D_ORIENTATION:
        une_date_dans_l_annee |= Q(**{f"{champ}__range": periode})
    delais = [version.modalites.delai_jours or 0 for version in conventions.versions]
    # Un délai en jours ouvrés dure moins de deux fois autant de jours, plus les fériés.
    marge = timedelta(days=2 * max([DELAI_DE_PRESENTATION.valeur(periode[0]), *delais]) + 15)
    debut_des_carences = (periode[0] - marge, periode[1])
    carence = Q(issue=Issue.CARENCE) & (
        Q(date_mise_a_disposition__range=debut_des_carences) | Q(date_orientation__range=debut_des_carences)
    )
    orientations = Orientation.objects.filter(une_date_dans_l_annee | carence, liberation=OuterRef("pk"))
    return (
        Liberation.objects.filter(du_departement("logement__commune_id", departement), bailleur_id=bailleur, retrait="")
        .filter(Q(date_bail__range=periode) | Exists(orientations))
        .order_by()
    )


def _charger_situations(logements: Iterable[int]) -> dict[int, tuple[Situation, ...]]:
    """Situations de ces logements, par date (une requête)."""
    par_logement: dict[int, list[Situation]] = {}
    lignes = SituationLogement.objects.filter(logement_id__parmi=set(logements)).values_list(
        "logement_id", "periode__startswith", "periode__endswith", "qpv", "hors_champ"
    )
    for logement, debut, fin, qpv, hors_champ in lignes:
        par_logement.setdefault(logement, []).append(Situation(debut, fin, qpv, hors_champ))
    return {logement: _par_date(situations) for logement, situations in par_logement.items()}


def _par_date(situations: list[Situation]) -> tuple[Situation, ...]:
    if len(situations) > 1:
        situations.sort(key=lambda situation: situation.debut or date.min)
    return tuple(situations)


DroitMaintenu = tuple[int, date | None, date | None]
"""(réservataire, début, fin), bornes incluses, vides = sans borne."""


def _charger_stock_maintenu(bailleur: int) -> dict[int, list[DroitMaintenu]]:
    """Droits de suite de la défense, de la sécurité intérieure et de la santé, par logement (une requête) (RG-07)."""
    par_logement: dict[int, list[DroitMaintenu]] = {}
    lignes = (
        ReservationStock.objects.maintenues()
        .filter(logement__bailleur_id=bailleur)
        .order_by("pk")
        .values_list("logement_id", "reservataire_id", "date_debut", "date_fin")
    )
    for logement, reservataire, debut, fin in lignes:
        droit = (reservataire, debut, fin)
        par_logement.setdefault(logement, []).append(droit)
    return par_logement


def titulaire_du_stock_maintenu(droits: Iterable[DroitMaintenu], disponible_le: date) -> int | None:
    """Le réservataire dont le droit de suite est actif à la date de disponibilité ; None si le logement est dans le flux."""
    for reservataire, debut, fin in droits:
        if (debut is None or debut <= disponible_le) and (fin is None or disponible_le <= fin):
            return reservataire
    return None
