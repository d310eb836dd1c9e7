"""Ce qui manque à l'État et aux EPCI : conventions signées pas transmises, stock sans convention ; lu en système, sans détail (RG-17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import CharField, Count, Exists, OuterRef
from django.db.models.functions import Cast

from conventions.domaine.codes import STOCK_MAINTENU, NatureDroitStock, TypeReservataire
from conventions.models import Convention, Droit, ReservationStock
from flux_reservations.commun.acteur import Acteur, Nature
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.socle import rls
from flux_reservations.territoires.models import TerritoireCommune


@dataclass(frozen=True, slots=True)
class ConventionManquante:
    """Une convention signée qui devait être transmise et ne l'a pas été : son numéro, ses parties, sa date, rien d'autre."""

    numero: str
    bailleur_id: int
    bailleur: str
    reservataire: str
    departement: str
    date_signature: date | None


def conventions_manquantes(acteur: Acteur) -> list[ConventionManquante]:
    """Les conventions signées du territoire que le bailleur n'a pas déposées chez l'acteur (lu en système)."""
    if not acteur.territoire or acteur.organisme_id is None:
        return []
    with rls.en_systeme():
        depots = Envoi.objects.filter(
            destinataire_id=acteur.organisme_id,
            genre=GenreEnvoi.TRANSMISSION,
            objet_type="conventions.convention",
            depose_le__isnull=False,
            objet_cle=Cast(OuterRef("pk"), CharField()),
        )
        dues = Convention.objects.signees().exclude(reservataire_id=acteur.organisme_id).filter(~Exists(depots))
        if acteur.nature is Nature.ETAT:
            dues = dues.filter(departement_id=acteur.territoire.partition(":")[2])
        else:
            communes = TerritoireCommune.objects.filter(territoire=acteur.territoire).values("commune_id")
            couvrants = TerritoireCommune.objects.filter(commune_id__in=communes).values("territoire_id")
            dues = dues.filter(
                Exists(Droit.objects.filter(convention=OuterRef("pk"), perimetre__in=couvrants)),
                bailleur__logements__commune_id__in=communes,
            ).distinct()
        return [
            ConventionManquante(
                une.numero,
                une.bailleur_id,
                une.bailleur.nom,
                une.reservataire.nom,
                une.departement_id,
                une.date_signature,
            )
            for une in dues.select_related("bailleur", "reservataire").order_by("bailleur__nom", "numero")
        ]


@dataclass(frozen=True, slots=True)
class StockSansConvention:
    """Un réservataire qui a des droits de suite chez un bailleur, et pas de convention de flux : son compte au jour, rien d'autre."""

    bailleur_id: int
    bailleur: str
    reservataire: str
    droits: int


def stock_sans_convention(acteur: Acteur, le: date) -> list[StockSansConvention]:
    """Pour l'État : les réservataires du département qui ont du stock et pas de convention signée (RG-19), lu en système."""
    if acteur.nature is not Nature.ETAT or not acteur.territoire.startswith("departement:"):
        return []
    departement = acteur.territoire.partition(":")[2]
    with rls.en_systeme():
        signees = Convention.objects.signees().filter(
            bailleur=OuterRef("logement__bailleur"), reservataire=OuterRef("reservataire"), departement=departement
        )
        droits = (
            ReservationStock.objects.actives(le)
            .filter(logement__commune__departement=departement, nature=NatureDroitStock.SUITE)
            .exclude(reservataire__type__in=[*STOCK_MAINTENU, TypeReservataire.ETAT])
            .filter(~Exists(signees))
            .values_list("logement__bailleur_id", "logement__bailleur__nom", "reservataire__nom")
            .annotate(droits=Count("pk"))
            .order_by("logement__bailleur__nom", "reservataire__nom")
        )
        return [StockSansConvention(*ligne) for ligne in droits]
