"""L'état des lieux de RG-18 : localisation, nombre et typologies des logements conventionnés, réservataire par réservataire."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from django.db.models import Case, Count, F, Value, When

from conventions.chargement_contingents import DeclarationRpls, charger_declaration
from conventions.domaine.codes import TYPOLOGIES, TypeReservataire
from conventions.models import Bailleur, ReservationStock
from flux_reservations.commun.empreinte import canoniser
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
    def par_type(self) -> tuple[tuple[str, int], ...]:
        """Chaque typologie et ses logements."""
        return tuple(zip(TYPOLOGIES, self.par_typologie, strict=True))

    @property
    def total(self) -> int:
        """Logements de la ligne."""
        return sum(self.par_typologie)


@dataclass(frozen=True, slots=True)
class PartEtatDesLieux:
    """Un réservataire et ses logements en stock, commune par commune."""

    cle: int
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
    """L'état des lieux d'un bailleur dans un département à une date ; `rpls` : ce que le répertoire en déclare."""

    bailleur: Bailleur
    departement: Departement
    le: date
    parts: tuple[PartEtatDesLieux, ...]
    rpls: DeclarationRpls

    @property
    def total(self) -> int:
        """Droits de suite actifs, tous réservataires confondus."""
        return sum(part.total for part in self.parts)

    @property
    def par_typologie(self) -> tuple[int, ...]:
        """Droits de suite actifs, par typologie."""
        return sommer(part.par_typologie for part in self.parts)

    def en_json(self) -> bytes:
        """Les données de l'état des lieux, sans sa date : les mêmes donnent les mêmes octets."""
        donnees = {
            "bailleur": self.bailleur.siren,
            "departement": self.departement.pk,
            "typologies": TYPOLOGIES,
            "parts": [
                {"reservataire": part.code, "nom": part.nom, "lignes": [asdict(ligne) for ligne in part.lignes]}
                for part in self.parts
            ],
            "rpls": {
                "millesimes": self.rpls.millesimes,
                "contingents": [asdict(ligne) for ligne in self.rpls.contingents],
                "titulaires": [
                    {nom: valeur for nom, valeur in asdict(ligne).items() if nom != "cle"}
                    for ligne in self.rpls.titulaires
                ],
            },
        }
        return canoniser(donnees)

    @property
    def empreinte(self) -> str:
        """SHA-256 des données : celle d'un état envoyé ne change plus (RG-18)."""
        return hashlib.sha256(self.en_json()).hexdigest()


def sommer(lignes: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    """La somme, typologie par typologie."""
    return tuple(sum(colonne) for colonne in zip((0,) * len(TYPOLOGIES), *lignes, strict=True))


def charger_etat_des_lieux(bailleur: Bailleur, departement: Departement, le: date) -> EtatDesLieux:
    """Les droits de suite actifs à cette date, par réservataire, commune, résidence et typologie ; et ce que le RPLS déclare.

    De la défense et de la sécurité intérieure, rien de plus précis que la commune n'est lu : la base elle-même le tait (RG-73).
    """
    residence = Case(
        When(reservataire__type__in=SECRETS, then=Value("")),
        When(logement__programme="", then=F("logement__adresse")),
        default=F("logement__programme"),
    )
    lignes = (
        ReservationStock.objects.de_suite(bailleur.pk, departement.pk, le)
        .annotate(residence=residence)
        .order_by()
        .values_list(
            "reservataire_id",
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
    nombres: dict[tuple[str, int, str, str], dict[tuple[str, str, str], dict[str, int]]] = {}
    for cle, code, nom, type_, commune, code_commune, lieu, typologie, nombre in lignes:
        nombres.setdefault((code, cle, nom, type_), {}).setdefault((commune, code_commune, lieu), {})[typologie] = (
            nombre
        )
    parts = tuple(
        PartEtatDesLieux(
            cle=cle,
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
        for (code, cle, nom, type_), par_commune in sorted(nombres.items())
    )
    return EtatDesLieux(bailleur, departement, le, parts, charger_declaration(bailleur.pk, departement.pk, le))
