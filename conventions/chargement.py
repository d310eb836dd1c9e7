"""Des tables aux dataclasses : conventions, territoires, stock (nombre fixe de requêtes, quel que soit le volume)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from conventions.domaine.codes import STOCK_MAINTENU, NatureDroitStock, TypeReservataire
from conventions.domaine.conversion import DroitsEnStock, Strate
from conventions.domaine.egalite import fin_d_un_droit
from conventions.domaine.repli import Repli, calculer_replis
from conventions.domaine.versions import Conventions, LigneDroit, Modalites, PartieReservataire, VersionConvention
from conventions.models import Bailleur, Convention, Droit, Logement, Reservataire, ReservationStock, SituationLogement
from flux_reservations.commun.calendrier import UN_JOUR
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.droit.taux import Derogation
from flux_reservations.socle.parmi import EstParmiLesLignes
from flux_reservations.territoires.models import Commune, Departement, TerritoireCommune

Zones = Mapping[str, frozenset[str]]
"""Communes du département couvertes par chaque territoire qui le touche."""


@dataclass(frozen=True, slots=True)
class ConventionsChargees:
    """Les conventions signées d'un bailleur dans un département, et ce qu'il faut pour les lire."""

    conventions: Conventions
    zones: Zones
    communes: frozenset[str]


def trouver_bailleur(siren: str) -> Bailleur:
    """Le bailleur de ce SIREN ; lève `Introuvable`."""
    bailleur = Bailleur.objects.filter(siren=siren).first()
    if bailleur is None:
        raise Introuvable(f"Aucun bailleur n'a le SIREN {siren} : importez d'abord le fichier des bailleurs.")
    return bailleur


def trouver_departement(code: str) -> Departement:
    """Le département de ce code ; lève `Introuvable`."""
    departement = Departement.objects.filter(pk=code).first()
    if departement is None:
        raise Introuvable(f"« {code} » n'est pas un code de département (exemples : 94, 2A, 971).")
    return departement


def charger_zones(departement: str) -> Zones:
    """Communes du département par territoire : communes, EPCI, EPT, métropole, département, région (une requête)."""
    lignes = (
        TerritoireCommune.objects.filter(commune__departement_id=departement)
        .values("territoire_id")
        .annotate(communes=ArrayAgg("commune_id"))
        .values_list("territoire_id", "communes")
    )
    return {territoire: frozenset(communes) for territoire, communes in lignes}


def communes_du_departement(zones: Zones, departement: str) -> frozenset[str]:
    """Toutes les communes du département."""
    return zones.get(f"departement:{departement}") or frozenset().union(*zones.values())


def lire_reservataire(
    identifiant: int, code: str, type_: str, territoire: str | None, zones: Zones
) -> PartieReservataire:
    """Un réservataire et son territoire, réduit au département."""
    return PartieReservataire(identifiant, code, type_, zones.get(territoire, frozenset()) if territoire else None)


def charger_reservataires(identifiants: Iterable[int], zones: Zones, departement: str) -> dict[int, PartieReservataire]:
    """Ces réservataires, et l'État du département (une requête)."""
    lignes = Reservataire.objects.filter(
        Q(pk__in=list(identifiants)) | Q(type=TypeReservataire.ETAT, territoire_id=f"departement:{departement}")
    ).values_list("pk", "code", "type", "territoire_id")
    return {ligne[0]: lire_reservataire(*ligne, zones) for ligne in lignes}


def etat_du_departement(
    conventions: Conventions, reservataires: Mapping[int, PartieReservataire]
) -> PartieReservataire | None:
    """Le réservataire qui est l'État ici : celui qui a une convention, à défaut le premier par code."""
    for version in conventions.versions:
        if version.reservataire.est_etat:
            return version.reservataire
    return min(
        (partie for partie in reservataires.values() if partie.est_etat), key=lambda partie: partie.code, default=None
    )


def charger_conventions(bailleur: int, departement: str, zones: Zones | None = None) -> ConventionsChargees:
    """Toutes les versions signées du bailleur dans le département, droits compris (cinq requêtes au plus)."""
    zones = charger_zones(departement) if zones is None else zones
    communes = communes_du_departement(zones, departement)
    droits = _charger_droits(bailleur, departement, zones)
    versions = [
        _lire_version(convention, droits.get(convention.pk, ()), zones)
        for convention in Convention.objects.filter(bailleur_id=bailleur, departement_id=departement)
        .signees()
        .filter(periode_vigueur__isempty=False)
        .select_related("reservataire", "origine")
        .order_by("pk")
    ]
    return ConventionsChargees(Conventions(versions), zones, communes)


def _charger_droits(bailleur: int, departement: str, zones: Zones) -> dict[int, list[LigneDroit]]:
    """Lignes de droit par version ; l'assiette vaut le périmètre si elle n'est pas dite."""
    concernees = Q(convention__bailleur_id=bailleur, convention__departement_id=departement, convention__etat="signee")
    par_droit: dict[str, dict[int, list[str]]] = {}
    for champ in ("perimetre", "assiette"):
        par_droit[champ] = dict(
            Droit.objects.filter(concernees, **{f"{champ}__isnull": False})
            .values("pk")
            .annotate(codes=ArrayAgg(f"{champ}__code", order_by=f"{champ}__code"))
            .values_list("pk", "codes")
        )
    memo: dict[tuple[str, ...], frozenset[str]] = {}

    def communes(codes: Iterable[str]) -> frozenset[str]:
        cle = tuple(codes)
        if cle not in memo:
            memo[cle] = frozenset().union(*(zones.get(code, frozenset()) for code in cle))
        return memo[cle]

    par_version: dict[int, list[LigneDroit]] = {}
    lignes = (
        Droit.objects.filter(concernees)
        .order_by("pk")
        .values_list(
            "pk", "convention_id", "contrepartie", "sous_contingent", "taux", "montant_garanti", "dernier_versement"
        )
    )
    for pk, convention, contrepartie, sous_contingent, taux, montant, dernier_versement in lignes:
        perimetre = par_droit["perimetre"].get(pk, [])
        assiette = par_droit["assiette"].get(pk, perimetre)
        libelle = (
            " ".join(perimetre) if assiette == perimetre else f"{' '.join(perimetre)} (court sur {' '.join(assiette)})"
        )
        par_version.setdefault(convention, []).append(
            LigneDroit(
                pk,
                contrepartie,
                sous_contingent,
                taux,
                communes(perimetre),
                communes(assiette),
                montant,
                libelle,
                fin_d_un_droit(contrepartie, dernier_versement),
            )
        )
    return par_version


def _lire_version(convention: Convention, lignes: Iterable[LigneDroit], zones: Zones) -> VersionConvention:
    """Une version ; sa période est celle que la base a calculée (RG-16)."""
    reservataire = convention.reservataire
    origine = convention.origine or convention
    periode = convention.periode_vigueur
    assert convention.date_signature is not None  # noqa: S101 : une version signée est datée (contrainte de la base)
    return VersionConvention(
        identifiant=convention.pk,
        origine=origine.pk,
        numero=origine.numero,
        reservataire=lire_reservataire(
            reservataire.pk, reservataire.code, reservataire.type, reservataire.territoire_id, zones
        ),
        date_signature=convention.date_signature,
        debut=periode.lower,
        fin=periode.upper - UN_JOUR if periode.upper else None,
        lignes=tuple(lignes),
        modalites=Modalites(
            gestion=convention.gestion,
            delai_jours=convention.delai_presentation_jours,
            delai_unite=convention.delai_unite,
            carence_decomptee=convention.carence_decomptee,
            fait_generateur=convention.fait_generateur,
            nb_candidats=convention.nb_candidats,
        ),
        report=convention.report,
        report_plafond=convention.report_plafond,
        premieres_locations=convention.premieres_locations,
        part_hors_qpv_min=convention.part_hors_qpv_min,
        garde_hors_qpv=convention.garde_hors_qpv,
        derogation=Derogation(
            convention.derogation_taux,
            convention.derogation_taux_agents,
            convention.derogation_motif,
            convention.derogation_arrete,
            convention.derogation_debut,
            convention.derogation_fin,
        ),
        motif_sous_trente=convention.motif_sous_trente,
        motif_perimetre=convention.motif_perimetre,
        effet_de_la_chaine=origine.date_effet,
    )


# --- Le stock et le patrimoine ------------------------------------------------------------------------------------------------


def du_departement(colonne: str, departement: str) -> EstParmiLesLignes:
    """Condition : la commune de cette colonne est dans le département."""
    return EstParmiLesLignes(colonne, Commune.objects.du_departement(departement).order_by().values("pk"))


def logements_du_flux(bailleur: int, departement: str, le: date) -> QuerySet[Logement]:
    """Logements du champ, hors stock maintenu, à cette date : le patrimoine de RG-34."""
    hors_champ = SituationLogement.objects.filter(logement=OuterRef("pk"), periode__contains=le).exclude(hors_champ="")
    maintenus = ReservationStock.objects.actives(le).maintenues().filter(logement=OuterRef("pk"))
    return (
        Logement.objects.filter(du_departement("commune_id", departement), bailleur_id=bailleur)
        .exclude(Exists(hors_champ))
        .exclude(Exists(maintenus))
    )


def compter_logements_par_commune(bailleur: int, departement: str, le: date) -> dict[str, int]:
    """Nombre de logements du champ et du flux par commune, à cette date (une requête)."""
    return dict(
        logements_du_flux(bailleur, departement, le)
        .order_by()
        .values("commune_id")
        .annotate(nombre=Count("pk"))
        .values_list("commune_id", "nombre")
    )


def compter_droits_de_suite(bailleur: int, departement: str, le: date) -> dict[int, dict[str, int]]:
    """Droits de suite actifs à cette date, par réservataire et par commune, sur les logements de RG-34 (une requête)."""
    lignes = (
        ReservationStock.objects.actives(le)
        .filter(nature=NatureDroitStock.SUITE, logement__in=logements_du_flux(bailleur, departement, le))
        .exclude(reservataire__type__in=[*STOCK_MAINTENU, TypeReservataire.ETAT])
        .values("reservataire_id", "logement__commune_id")
        .annotate(nombre=Count("pk"))
        .values_list("reservataire_id", "logement__commune_id", "nombre")
    )
    par_reservataire: dict[int, dict[str, int]] = {}
    for reservataire, commune, nombre in lignes:
        par_reservataire.setdefault(reservataire, {})[commune] = nombre
    return par_reservataire


def compter_droits_uniques(bailleur: int, departement: str, le: date) -> dict[int, int]:
    """Droits uniques non échus à cette date, par réservataire : une convention qui les reprend les inscrit à son solde (RG-35 c)."""
    return dict(
        ReservationStock.objects.filter(
            Q(date_fin__isnull=True) | Q(date_fin__gte=le),
            nature=NatureDroitStock.UNIQUE,
            logement__in=logements_du_flux(bailleur, departement, le),
        )
        .order_by()
        .values("reservataire_id")
        .annotate(nombre=Count("pk"))
        .values_list("reservataire_id", "nombre")
    )


@dataclass(frozen=True, slots=True)
class StockCharge:
    """Le stock au 1er janvier : ce qui fonde le repli et l'affichage de son taux (RG-19)."""

    logements_par_commune: Mapping[str, int]
    droits: Mapping[int, Mapping[str, int]]

    @property
    def logements(self) -> int:
        """Logements du champ et du flux du département."""
        return sum(self.logements_par_commune.values())


def charger_stock(bailleur: int, departement: str, le: date) -> StockCharge:
    """Logements et droits de suite à cette date (deux requêtes)."""
    return StockCharge(
        compter_logements_par_commune(bailleur, departement, le), compter_droits_de_suite(bailleur, departement, le)
    )


def replis_de_l_annee(
    annee: int, chargees: ConventionsChargees, stock: StockCharge, reservataires: Mapping[int, PartieReservataire]
) -> tuple[Repli, ...]:
    """Les replis du préfet qui courent dans l'année (RG-19) : les mêmes pour le flux, le moteur et la conversion."""
    detenteurs = [partie for identifiant, partie in reservataires.items() if identifiant in stock.droits]
    return calculer_replis(
        annee, chargees.conventions, stock.droits, stock.logements_par_commune, detenteurs, chargees.communes
    )


def charger_replis(
    bailleur: int, departement: str, annee: int, chargees: ConventionsChargees | None = None
) -> tuple[Repli, ...]:
    """Les replis d'une année, tout compris (nombre fixe de requêtes)."""
    chargees = chargees or charger_conventions(bailleur, departement)
    stock = charger_stock(bailleur, departement, date(annee, 1, 1))
    reservataires = charger_reservataires(stock.droits, chargees.zones, departement)
    return replis_de_l_annee(annee, chargees, stock, reservataires)


def _en_qpv(le: date) -> Exists:
    """Vrai si le logement est en QPV à cette date."""
    return Exists(SituationLogement.objects.filter(logement=OuterRef("pk"), periode__contains=le).exclude(qpv=""))


def compter_par_strate(bailleur: int, departement: str, le: date) -> dict[Strate, int]:
    """Logements de RG-34 par strate, à cette date (une requête)."""
    lignes = (
        logements_du_flux(bailleur, departement, le)
        .annotate(en_qpv=_en_qpv(le))
        .order_by()
        .values("commune_id", "typologie", "en_qpv")
        .annotate(nombre=Count("pk"))
        .values_list("commune_id", "typologie", "en_qpv", "nombre")
    )
    return {Strate(commune, typologie, qpv): nombre for commune, typologie, qpv, nombre in lignes}


def charger_droits_en_stock(bailleur: int, departement: str, le: date) -> list[DroitsEnStock]:
    """Tous les droits sur les logements de RG-34, hors RG-07, groupés par nature, dates et strate (une requête)."""
    en_qpv = Exists(
        SituationLogement.objects.filter(logement=OuterRef("logement_id"), periode__contains=le).exclude(qpv="")
    )
    lignes = (
        ReservationStock.objects.filter(logement__in=logements_du_flux(bailleur, departement, le))
        .exclude(reservataire__type__in=STOCK_MAINTENU)
        .annotate(en_qpv=en_qpv, commune=F("logement__commune_id"), typologie=F("logement__typologie"))
        .values("reservataire_id", "nature", "date_debut", "date_fin", "commune", "typologie", "en_qpv")
        .annotate(nombre=Count("pk"))
        .values_list("reservataire_id", "nature", "date_debut", "date_fin", "commune", "typologie", "en_qpv", "nombre")
    )
    return [
        DroitsEnStock(reservataire, nature, debut, fin, Strate(commune, typologie, qpv), nombre)
        for reservataire, nature, debut, fin, commune, typologie, qpv, nombre in lignes
    ]
