"""Le patrimoine daté (RG-05, RG-06) et les réservations en stock (RG-07, RG-35)."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models

from conventions.domaine.codes import STOCK_MAINTENU, Contrepartie, Financement, HorsChamp, NatureDroitStock, Typologie
from conventions.models.organismes import Bailleur, Reservataire
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.territoires.models import Commune


class LogementQuerySet(models.QuerySet["Logement"]):
    """Lecture du patrimoine."""

    def visibles_par(self, acteur: Acteur) -> LogementQuerySet:
        """Le patrimoine détaillé n'est lu que par son bailleur (domaine.md § 6)."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.filter(bailleur_id=acteur.organisme)
        return self.none()

    def modifiables_par(self, acteur: Acteur) -> LogementQuerySet:
        """Son patrimoine, pour un gestionnaire ou un responsable."""
        if not acteur.peut(Role.GESTIONNAIRE):
            return self.none()
        return self.visibles_par(acteur)

    def par_departement(self) -> list[tuple[str, str]]:
        """Départements de ces logements, en couples (code, libellé), celui qui en a le plus d'abord (une requête)."""
        return [
            (code, f"{nom} ({code})")
            for code, nom, _ in self.values_list("commune__departement_id", "commune__departement__nom")
            .annotate(nombre=models.Count("pk"))
            .order_by("-nombre")
        ]

    def avec_situation(self, le: date) -> LogementQuerySet:
        """Annote `qpv` et `hors_champ` tels qu'ils étaient à cette date (une jointure : les périodes ne se recouvrent pas)."""
        return self.annotate(
            situation_du_jour=models.FilteredRelation(
                "situations", condition=models.Q(situations__periode__contains=le)
            ),
            qpv=models.F("situation_du_jour__qpv"),
            hors_champ=models.F("situation_du_jour__hors_champ"),
        )


class Logement(models.Model):
    """Un logement du bailleur (RG-05) ; ce qui change dans le temps est dans `SituationLogement`."""

    bailleur = models.ForeignKey(Bailleur, on_delete=models.PROTECT, related_name="logements")
    identifiant = models.CharField("identifiant", max_length=60)
    identifiant_rpls = models.CharField("identifiant RPLS", max_length=10, blank=True)
    programme = models.CharField("programme", max_length=120, blank=True)
    adresse = models.CharField("adresse", max_length=250, blank=True)
    code_postal = models.CharField("code postal", max_length=5, blank=True)
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="+")
    typologie = models.CharField("typologie", max_length=2, choices=Typologie.choix())
    surface = models.DecimalField("surface (m²)", max_digits=7, decimal_places=2, null=True, blank=True)
    financement = models.CharField("financement", max_length=8, choices=Financement.choix(), blank=True)
    annee_construction = models.PositiveSmallIntegerField("année de construction", null=True, blank=True)
    date_premiere_location = models.DateField("date de première mise en location", null=True, blank=True)
    loyer = models.DecimalField("loyer mensuel (€)", max_digits=9, decimal_places=2, null=True, blank=True)
    charges = models.DecimalField("charges mensuelles (€)", max_digits=9, decimal_places=2, null=True, blank=True)
    etage = models.CharField("étage", max_length=10, blank=True)
    ascenseur = models.BooleanField("ascenseur", null=True, blank=True)
    pmr = models.BooleanField("accessible (PMR)", null=True, blank=True)
    dpe = models.CharField("DPE", max_length=1, blank=True)
    annexes = models.CharField("annexes", max_length=200, blank=True)
    secteur = models.CharField("secteur", max_length=80, blank=True)

    objects = LogementQuerySet.as_manager()

    class Meta:
        verbose_name = "logement"
        ordering: ClassVar = ["identifiant"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bailleur", "identifiant"],
                name="logement_identifiant_unique",
                violation_error_message="Cet identifiant désigne déjà un logement de ce bailleur.",
            ),
            # Cible des clés composées qui tiennent ensemble logement et bailleur (libérations, situations).
            models.UniqueConstraint(fields=["id", "bailleur"], name="logement_et_bailleur"),
            models.CheckConstraint(condition=models.Q(typologie__in=list(Typologie)), name="logement_typologie_connue"),
            models.CheckConstraint(
                condition=models.Q(financement__in=["", *Financement]), name="logement_financement_connu"
            ),
            models.CheckConstraint(
                condition=models.Q(surface__isnull=True) | models.Q(surface__gt=0),
                name="logement_surface_positive",
                violation_error_message="Une surface est positive.",
            ),
            models.CheckConstraint(
                condition=models.Q(annee_construction__isnull=True) | models.Q(annee_construction__range=(1000, 2200)),
                name="logement_annee_plausible",
                violation_error_message="Une année de construction s'écrit sur quatre chiffres.",
            ),
            models.CheckConstraint(
                condition=models.Q(dpe="") | models.Q(dpe__regex=r"^[A-G]$"),
                name="logement_dpe_connu",
                violation_error_message="Un DPE va de A à G.",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["bailleur", "commune"], name="logement_bailleur_commune"),
            models.Index(fields=["bailleur", "programme"], name="logement_bailleur_programme"),
        ]

    def __str__(self) -> str:
        return self.identifiant


class SituationLogement(models.Model):
    """Ce qui change dans un logement : QPV et hors champ, sur une période (RG-04, RG-06).

    Les périodes d'un logement ne se recouvrent pas ; bornes vides = sans borne. `qpv` vide = hors QPV.
    """

    logement = models.ForeignKey(Logement, on_delete=models.CASCADE, related_name="situations")
    periode = DateRangeField("période")
    qpv = models.CharField("QPV", max_length=10, blank=True)
    hors_champ = models.CharField("hors champ", max_length=14, choices=HorsChamp.choix(), blank=True)

    class Meta:
        verbose_name = "situation d'un logement"
        constraints: ClassVar = [
            ExclusionConstraint(
                name="situation_sans_recouvrement",
                expressions=[("logement", RangeOperators.EQUAL), ("periode", RangeOperators.OVERLAPS)],
                violation_error_message="Deux situations d'un même logement ne peuvent pas se recouvrir.",
            ),
            models.CheckConstraint(
                condition=models.Q(hors_champ__in=["", *HorsChamp]), name="situation_hors_champ_connu"
            ),
            models.CheckConstraint(condition=models.Q(periode__isempty=False), name="situation_periode_non_vide"),
        ]

    def __str__(self) -> str:
        return f"{self.logement_id} {self.periode}"


class ReservationStockQuerySet(models.QuerySet["ReservationStock"]):
    """Lecture des droits en stock."""

    def visibles_par(self, acteur: Acteur) -> ReservationStockQuerySet:
        """Le bailleur, et le réservataire pour les siens."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.filter(logement__bailleur_id=acteur.organisme)
        if acteur.est_reservataire:
            return self.filter(reservataire_id=acteur.organisme)
        return self.none()

    def actives(self, le: date | models.OuterRef) -> ReservationStockQuerySet:
        """Celles dont la période contient cette date (bornes incluses, vides = sans borne)."""
        return self.filter(
            models.Q(date_debut__isnull=True) | models.Q(date_debut__lte=le),
            models.Q(date_fin__isnull=True) | models.Q(date_fin__gte=le),
        )

    def maintenues(self) -> ReservationStockQuerySet:
        """Droits de suite de la défense, de la sécurité intérieure et de la santé : leurs logements restent hors du flux (RG-07)."""
        return self.filter(nature=NatureDroitStock.SUITE, reservataire__type__in=STOCK_MAINTENU)

    def de_suite(self, bailleur: int, departement: str, le: date) -> ReservationStockQuerySet:
        """Droits de suite actifs à cette date sur le patrimoine d'un bailleur dans un département."""
        return self.actives(le).filter(
            logement__bailleur_id=bailleur,
            logement__commune__departement_id=departement,
            nature=NatureDroitStock.SUITE,
        )


class ReservationStock(models.Model):
    """Un droit sur un logement identifié (stock) : de suite ou unique (RG-07, RG-35)."""

    logement = models.ForeignKey(Logement, on_delete=models.CASCADE, related_name="reservations_stock")
    reservataire = models.ForeignKey(Reservataire, on_delete=models.PROTECT, related_name="reservations_stock")
    contrepartie = models.CharField("contrepartie", max_length=24, choices=Contrepartie.choix())
    nature = models.CharField("nature", max_length=8, choices=NatureDroitStock.choix(), default=NatureDroitStock.SUITE)
    date_debut = models.DateField("début (inclus)", null=True, blank=True)
    date_fin = models.DateField("fin (incluse)", null=True, blank=True)

    objects = ReservationStockQuerySet.as_manager()

    class Meta:
        verbose_name = "réservation en stock"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["logement", "reservataire", "contrepartie", "nature", "date_debut"],
                nulls_distinct=False,
                name="reservation_stock_unique",
            ),
            models.CheckConstraint(
                condition=models.Q(date_debut__isnull=True)
                | models.Q(date_fin__isnull=True)
                | models.Q(date_fin__gte=models.F("date_debut")),
                name="reservation_stock_dates_ordonnees",
                violation_error_message="La fin d'un droit ne précède pas son début.",
            ),
            models.CheckConstraint(
                condition=models.Q(contrepartie__in=list(Contrepartie)), name="reservation_stock_contrepartie_connue"
            ),
            models.CheckConstraint(
                condition=models.Q(nature__in=list(NatureDroitStock)), name="reservation_stock_nature_connue"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.logement} — {self.reservataire}"
