"""L'état des lieux de RG-18 : localisation, nombre et typologies des logements conventionnés, réservataire par réservataire."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Count, F, Value, When

from conventions.domaine.codes import NatureDroitStock, TypeReservataire, Typologie
from conventions.models import Bailleur, ReservationStock
from flux_reservations.territoires.models import Departement

SECRETS = frozenset({TypeReservataire.DEFENSE, TypeReservataire.SECURITE_INTERIEURE})
"""Réservataires dont le stock ne se localise qu'à la commune (RG-73)."""


@dataclass(frozen=True, slots=True)
class LigneEtatDesLieux:
    """Une résidence (ou une adresse) d'un réservataire : logements par typologie ; à la commune seulement pour la défense."""

    commune: str
    code_commune: str
    residence: str
    par_typologie: tuple[int, ...]

    @property
    def total(self) -> int:
        """Logements de la ligne."""
        return sum(self.par_typologie)


@dataclass(frozen=True, slots=True)
class PartEtatDesLieux:
    """Un réservataire et ses logements en stock, commune par commune."""

    code: str
    nom: str
    type: str
    est_localise_a_la_commune: bool
    lignes: tuple[LigneEtatDesLieux, ...]

    @property
    def total(self) -> int:
        """Logements du réservataire."""
        return sum(ligne.total for ligne in self.lignes)

    @property
    def par_typologie(self) -> tuple[int, ...]:
        """Logements du réservataire, toutes communes, par typologie."""
        return sommer(ligne.par_typologie for ligne in self.lignes)


@dataclass(frozen=True, slots=True)
class EtatDesLieux:
    """L'état des lieux d'un bailleur dans un département à une date."""

    bailleur: Bailleur
    departement: Departement
    le: date
    parts: tuple[PartEtatDesLieux, ...]

    @property
    def total(self) -> int:
        """Droits de suite actifs, tous réservataires confondus."""
        return sum(part.total for part in self.parts)

    @property
    def par_typologie(self) -> tuple[int, ...]:
        """Droits de suite actifs, par typologie."""
        return sommer(part.par_typologie for part in self.parts)


TYPOLOGIES = tuple(typologie.value for typologie in Typologie)


def sommer(lignes: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    """La somme, typologie par typologie."""
    return tuple(sum(colonne) for colonne in zip((0,) * len(TYPOLOGIES), *lignes, strict=True))


def charger_etat_des_lieux(bailleur: Bailleur, departement: Departement, le: date) -> EtatDesLieux:
    """Les droits de suite actifs à cette date, par réservataire, commune, résidence et typologie ; une requête.

    De la défense et de la sécurité intérieure, rien de plus précis que la commune n'est lu : la base elle-même le tait (RG-73).
    """
    residence = Case(
        When(reservataire__type__in=SECRETS, then=Value("")),
        When(logement__programme="", then=F("logement__adresse")),
        default=F("logement__programme"),
    )
    lignes = (
        ReservationStock.objects.actives(le)
        .filter(
            logement__bailleur=bailleur,
            logement__commune__departement=departement,
            nature=NatureDroitStock.SUITE,
        )
        .annotate(residence=residence)
        .order_by()
        .values_list(
            "reservataire__code",
            "reservataire__nom",
            "reservataire__type",
            "logement__commune__nom",
            "logement__commune_id",
            "residence",
            "logement__typologie",
        )
        .annotate(nombre=Count("logement_id", distinct=True))
    )
    nombres: dict[tuple[str, str, str], dict[tuple[str, str, str], dict[str, int]]] = {}
    for code, nom, type_, commune, code_commune, lieu, typologie, nombre in lignes:
        nombres.setdefault((code, nom, type_), {}).setdefault((commune, code_commune, lieu), {})[typologie] = nombre
    parts = tuple(
        PartEtatDesLieux(
            code=code,
            nom=nom,
            type=TypeReservataire(type_).libelle,
            est_localise_a_la_commune=type_ in SECRETS,
            lignes=tuple(
                LigneEtatDesLieux(
                    commune, code_commune, lieu, tuple(par_type.get(typologie, 0) for typologie in TYPOLOGIES)
                )
                for (commune, code_commune, lieu), par_type in sorted(par_commune.items())
            ),
        )
        for (code, nom, type_), par_commune in sorted(nombres.items())
    )
    return EtatDesLieux(bailleur, departement, le, parts)
