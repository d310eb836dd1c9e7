"""Des tables au décompte : orientations, soldes reportés, mises en location par strate (nombre fixe de requêtes)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import lcm

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, QuerySet, When
from django.db.models.functions import ExtractYear

from attributions.domaine.codes import NatureLiberation, OrigineSolde
from attributions.domaine.decompte import FaitsOrientation
from attributions.models import Liberation, Orientation, SoldeOuverture
from conventions.chargement import (
    ConventionsChargees,
    charger_conventions,
    charger_droits_en_stock,
    charger_reservataires,
    charger_stock,
    compter_par_strate,
    du_departement,
    replis_de_l_annee,
)
from conventions.chargement_rotation import RotationRpls, charger_rotation_rpls
from conventions.domaine.conversion import FaitsConversion, Strate
from conventions.domaine.versions import Conventions
from conventions.models import Bailleur, ReservationStock, SituationLogement
from flux_reservations.droit.assiette import ANNEES_DE_PREVISION

_CHAMPS_D_ORIENTATION = (
    "liberation_id",
    "pk",
    "rang",
    "reservataire_id",
    "sous_contingent",
    "date_orientation",
    "date_mise_a_disposition",
    "date_limite_prolongee",
    "date_proposition",
    "date_caleol",
    "date_rendu",
    "nb_candidats",
    "decision",
    "issue",
    "public",
)


def charger_orientations(liberations: Iterable[int]) -> dict[int, tuple[FaitsOrientation, ...]]:
    """Orientations de ces libérations, par rang (une requête)."""
    par_liberation: dict[int, list[FaitsOrientation]] = {}
    lignes = (
        Orientation.objects.filter(liberation_id__parmi=set(liberations))
        .order_by("liberation_id", "rang")
        .values_list(*_CHAMPS_D_ORIENTATION)
    )
    for liberation, *champs in lignes:
        par_liberation.setdefault(liberation, []).append(FaitsOrientation(*champs))
    return {liberation: tuple(orientations) for liberation, orientations in par_liberation.items()}


def charger_reports(bailleur: int, departement: str, annee: int) -> dict[tuple[int, str], Decimal]:
    """Solde de la fin de N−1 par compte (origine, sous-contingent) ; un bilan publié l'emporte sur un solde saisi (RG-47)."""
    soldes = (
        SoldeOuverture.objects.filter(
            convention__bailleur_id=bailleur, convention__departement_id=departement, annee=annee
        )
        .annotate(publie=Case(When(origine=OrigineSolde.BILAN, then=1), default=0))
        .order_by("publie")
        .values_list("convention__origine_id", "convention_id", "sous_contingent", "report")
    )
    return {(origine or convention, sous_contingent): report for origine, convention, sous_contingent, report in soldes}


def mises_en_location(bailleur: int, departement: str, debut: date, fin: date) -> QuerySet[Liberation]:
    """Baux signés entre ces dates sur des logements du champ et du flux à la date du bail (RG-30), premières locations comprises."""
    hors_champ = SituationLogement.objects.filter(
        logement=OuterRef("logement_id"), periode__contains=OuterRef("date_bail")
    ).exclude(hors_champ="")
    actives = ReservationStock.objects.actives(OuterRef("date_disponibilite"))
    maintenus = actives.maintenues().filter(logement=OuterRef("logement_id"))
    return (
        Liberation.objects.filter(
            du_departement("logement__commune_id", departement),
            bailleur_id=bailleur,
            retrait="",
            date_bail__range=(debut, fin),
        )
        .exclude(Exists(hors_champ))
        .exclude(Exists(maintenus))
    )


def compter_mises_en_location(
    bailleur: int, departement: str, debut: date, fin: date, conventions: Conventions, qpv_le: date
) -> dict[Strate, int]:
    """A par strate (RG-35) : relocations, et premières locations des conventions qui les mettent dans le flux (une requête).

    Le QPV est celui du jour `qpv_le` : la strate est celle du patrimoine que l'on pèse.
    """
    en_qpv = Exists(
        SituationLogement.objects.filter(logement=OuterRef("logement_id"), periode__contains=qpv_le).exclude(qpv="")
    )
    lignes = (
        mises_en_location(bailleur, departement, debut, fin)
        .annotate(
            en_qpv=en_qpv,
            premiere=Case(When(nature=NatureLiberation.PREMIERE_LOCATION, then=F("date_bail"))),
        )
        .order_by()
        .values("logement__commune_id", "logement__typologie", "en_qpv", "premiere")
        .annotate(nombre=Count("pk"))
        .values_list("logement__commune_id", "logement__typologie", "en_qpv", "premiere", "nombre")
    )
    par_strate: dict[Strate, int] = {}
    for commune, typologie, qpv, premiere, nombre in lignes:
        if premiere is None or conventions.premieres_locations_dans_le_flux(commune, premiere):
            strate = Strate(commune, typologie, qpv)
            par_strate[strate] = par_strate.get(strate, 0) + nombre
    return par_strate


def compter_annees_connues(bailleur: int, departement: str, debut: date, fin: date, conventions: Conventions) -> int:
    """Années civiles de la période où un bail du flux au moins est connu : les seules que l'on moyenne (RG-32 ; une requête)."""
    lignes = (
        mises_en_location(bailleur, departement, debut, fin)
        .annotate(
            annee=ExtractYear("date_bail", output_field=IntegerField()),
            premiere=Case(When(nature=NatureLiberation.PREMIERE_LOCATION, then=F("date_bail"))),
        )
        .order_by()
        .values_list("logement__commune_id", "annee", "premiere")
        .distinct()
    )
    return len(
        {
            annee
            for commune, annee, premiere in lignes
            if premiere is None or conventions.premieres_locations_dans_le_flux(commune, premiere)
        }
    )


def charger_conversion(
    bailleur: Bailleur, departement: str, le: date, chargees: ConventionsChargees | None = None
) -> FaitsConversion:
    """Tout ce que `convertir_stock` lit, en un nombre fixe de requêtes (RG-19, RG-35)."""
    chargees = chargees or charger_conventions(bailleur.pk, departement)
    droits = charger_droits_en_stock(bailleur.pk, departement, le)
    stock = charger_stock(bailleur.pk, departement, date(le.year, 1, 1))
    detenteurs = {un.reservataire for un in droits} | set(stock.droits)
    reservataires = charger_reservataires(detenteurs, chargees.zones, departement)
    annees = ANNEES_DE_PREVISION.valeur(le)
    return FaitsConversion(
        bailleur=bailleur.siren,
        departement=departement,
        date=le,
        logements=compter_par_strate(bailleur.pk, departement, le),
        mises_en_location=compter_mises_en_location(
            bailleur.pk,
            departement,
            date(le.year - annees, 1, 1),
            date(le.year - 1, 12, 31),
            chargees.conventions,
            le,
        ),
        droits=droits,
        reservataires=reservataires,
        replis=replis_de_l_annee(le.year, chargees, stock, reservataires),
    )


def charger_conversion_a_l_ecran(
    bailleur: Bailleur, departement: str, le: date, chargees: ConventionsChargees | None = None
) -> tuple[FaitsConversion, RotationRpls | None]:
    """Les faits de la conversion ; s'il manque une des trois années, la rotation du RPLS pèse les strates, et elle est rendue (RG-35).

    Le seuil est celui de la prévision (RG-32). La commande `convertir_stock` et l'export s'en tiennent aux baux de l'application.
    """
    chargees = chargees or charger_conventions(bailleur.pk, departement)
    faits = charger_conversion(bailleur, departement, le, chargees)
    annees = ANNEES_DE_PREVISION.valeur(le)
    debut, fin = date(le.year - annees, 1, 1), date(le.year - 1, 12, 31)
    if compter_annees_connues(bailleur.pk, departement, debut, fin, chargees.conventions) >= annees:
        return faits, None
    rpls = charger_rotation_rpls(bailleur.pk, departement, le)
    if not rpls.est_connue:
        return faits, None
    return replace(faits, mises_en_location=peser_les_strates(rpls, faits.logements)), rpls


def peser_les_strates(rpls: RotationRpls, logements: Mapping[Strate, int]) -> dict[Strate, int]:
    """Mises en location attendues par strate, à une échelle commune et entière : N_s × rotation estimée de la strate, exactement."""
    ensemble = rpls.estimer(rpls.ensemble()) or Fraction(0)
    connues = {strate: rpls.estimer(baux) for strate, baux in rpls.par_strate.items()}
    attendues = {
        strate: nombre * (ensemble if (connue := connues.get(strate)) is None else connue)
        for strate, nombre in logements.items()
    }
    echelle = lcm(*(attendue.denominator for attendue in attendues.values()))
    return {strate: int(attendue * echelle) for strate, attendue in attendues.items() if attendue}
