"""À qui un document annuel s'envoie : tous les réservataires de l'année, les EPCI et EPT concernés par la réforme (RG-60, RG-61)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q
from django.utils import timezone

from bilans.models import Bilan
from bilans.models.bilan import GenreBilan
from conventions.chargement_autorites import Destinataire as Autorite
from conventions.chargement_autorites import charger_autorites
from conventions.models import Convention, Reservataire, ReservationStock
from flux_reservations.commun.calendrier import premier_janvier
from flux_reservations.notifications.actions.deposer import Destinataire

INTERCOMMUNALITES = ("epci:", "ept:")


@dataclass(slots=True)
class Diffusion:
    """Qui reçoit ; et, à dire avant de publier, les intercommunalités écartées et celles dont le carnet ne dit rien."""

    destinataires: list[Destinataire] = field(default_factory=list)
    non_concernees: list[str] = field(default_factory=list)
    a_verifier: list[str] = field(default_factory=list)


def lire_la_diffusion(bilan: Bilan) -> Diffusion:
    """Les réservataires qui ont eu un droit depuis le début de l'année rendue, puis les autorités ; chacun une fois.

    Une intercommunalité que le carnet dit non concernée par la réforme des attributions ne reçoit rien ; sans contact au carnet, elle
    reçoit, et l'écran le dit.
    """
    depuis = premier_janvier(bilan.annee - (bilan.genre == GenreBilan.DEBUT_ANNEE))
    reservataires = _reservataires(bilan.bailleur_id, bilan.departement_id, depuis, timezone.localdate())
    diffusion = Diffusion([Destinataire(un.nom, un.pk, un.courriel, un.territoire_id) for un in reservataires])
    deja = {un.pk for un in reservataires}
    for autorite in charger_autorites(bilan.bailleur_id, bilan.departement_id):
        if autorite.organisme is not None and autorite.organisme.pk in deja:
            continue
        if autorite.territoire.startswith(INTERCOMMUNALITES) and not autorite.concerne_par_la_reforme:
            if autorite.contact is not None:
                diffusion.non_concernees.append(autorite.nom)
                continue
            diffusion.a_verifier.append(autorite.nom)
        diffusion.destinataires.append(_destinataire(autorite))
    return diffusion


def _reservataires(bailleur: int, departement: str, depuis: date, jusqu_au: date) -> list[Reservataire]:
    """Convention signée en vigueur, ou droit en stock actif, un jour au moins de la période : ni brouillon, ni droit échu (une requête)."""
    conventionnes = (
        Convention.objects.filter(bailleur_id=bailleur, departement_id=departement)
        .signees()
        .filter(periode_vigueur__overlap=DateRange(depuis, jusqu_au, "[]"))
    )
    en_stock = ReservationStock.objects.filter(
        Q(date_debut__isnull=True) | Q(date_debut__lte=jusqu_au),
        Q(date_fin__isnull=True) | Q(date_fin__gte=depuis),
        logement__bailleur_id=bailleur,
        logement__commune__departement_id=departement,
    )
    titulaires = Q(pk__in=conventionnes.values("reservataire_id")) | Q(pk__in=en_stock.values("reservataire_id"))
    return list(Reservataire.objects.filter(titulaires).order_by("nom"))


def _destinataire(autorite: Autorite) -> Destinataire:
    organisme = autorite.organisme
    return Destinataire(
        autorite.nom, organisme.pk if organisme else None, autorite.courriel, autorite.territoire or None
    )
