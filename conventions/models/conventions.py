"""Les conventions de réservation, version par version, et leurs droits (RG-10 à RG-16)."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Cast

from conventions.domaine.codes import (
    Contrepartie,
    DelaiUnite,
    EtatConvention,
    FaitGenerateur,
    Gestion,
    PremieresLocations,
    Report,
    SousContingent,
)
from conventions.models.gabarits import Gabarit
from conventions.models.organismes import Bailleur, Reservataire
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.pieces.models import Piece
from flux_reservations.territoires.models import Departement, Territoire


class PeriodeVigueur(models.Func):
    """Période où une version signée court : de l'effet à la première des fins (terme, résiliation, veille de l'avenant)."""

    template = (
        "CASE WHEN date_signature IS NULL OR date_effet IS NULL THEN NULL"
        " WHEN LEAST(date_fin, date_resiliation, remplacee_le - 1) < date_effet THEN 'empty'::daterange"
        " ELSE daterange(date_effet, LEAST(date_fin, date_resiliation, remplacee_le - 1), '[]') END"
    )
    output_field = DateRangeField(null=True)


class ConventionQuerySet(models.QuerySet["Convention"]):
    """Lecture des conventions."""

    def visibles_par(self, acteur: Acteur) -> ConventionQuerySet:
        """Les parties ; l'État et les EPCI voient ce qui leur a été transmis (RG-17)."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.filter(bailleur_id=acteur.organisme)
        if acteur.est_reservataire:
            partie = models.Q(reservataire_id=acteur.organisme) & ~models.Q(etat=EtatConvention.BROUILLON)
            delegataire = models.Q(delegataire_id=acteur.organisme) & ~models.Q(etat=EtatConvention.BROUILLON)
            return self.filter(
                partie | delegataire | models.Q(pk__in=transmises_a(acteur.organisme_id)),
            )
        return self.none()

    def modifiables_par(self, acteur: Acteur) -> ConventionQuerySet:
        """Le bailleur prépare ses conventions."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur and acteur.peut(Role.GESTIONNAIRE):
            return self.filter(bailleur_id=acteur.organisme)
        return self.none()

    def signees(self) -> ConventionQuerySet:
        """Celles qui portent des droits ou en ont porté."""
        return self.filter(etat=EtatConvention.SIGNEE)

    def en_vigueur(self, le: date) -> ConventionQuerySet:
        """Celles qui courent à cette date."""
        return self.filter(periode_vigueur__contains=le)


def transmises_a(organisme_id: int | None) -> models.QuerySet[Envoi, Any]:
    """Identifiants des conventions déposées au portail d'un organisme (RG-17)."""
    requete: models.QuerySet[Envoi, Any] = (
        Envoi.objects.filter(
            destinataire_id=organisme_id,
            genre=GenreEnvoi.TRANSMISSION,
            objet_type="conventions.convention",
            depose_le__isnull=False,
        )
        .annotate(convention_id=Cast("objet_cle", models.BigIntegerField()))
        .values("convention_id")
    )
    return requete


class Convention(models.Model):
    """Une version d'une convention de réservation (RG-10 à RG-16).

    Une version signée porte des droits pendant `periode_vigueur` (calculée par la base). Un avenant est une autre version de la
    même chaîne : `origine` désigne la première version (vide pour la première elle-même), dont le numéro nomme le compte. La
    résiliation prend effet à la fin de `date_resiliation` (dernier jour en vigueur).
    """

    numero = models.CharField("numéro", max_length=60)
    bailleur = models.ForeignKey(Bailleur, on_delete=models.PROTECT, related_name="conventions")
    reservataire = models.ForeignKey(Reservataire, on_delete=models.PROTECT, related_name="conventions")
    departement = models.ForeignKey(Departement, on_delete=models.PROTECT, related_name="+")
    origine = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="versions")
    avenant_de = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="avenant")
    etat = models.CharField("état", max_length=10, choices=EtatConvention.choix(), default=EtatConvention.BROUILLON)
    date_proposition = models.DateField("proposée le", null=True, blank=True)
    date_signature_bailleur = models.DateField("signée par le bailleur le", null=True, blank=True)
    date_signature_reservataire = models.DateField("signée par le réservataire le", null=True, blank=True)
    date_signature = models.DateField("signée le", null=True, blank=True)
    date_effet = models.DateField("effet le", null=True, blank=True)
    date_fin = models.DateField("terme (inclus)", null=True, blank=True)
    date_resiliation = models.DateField("résiliée le", null=True, blank=True)
    remplacee_le = models.DateField("remplacée à compter du", null=True, blank=True)
    motif_fin = models.TextField("motif de fin", blank=True)
    periode_vigueur = models.GeneratedField(
        expression=PeriodeVigueur(), output_field=DateRangeField(null=True), db_persist=True
    )

    gestion = models.CharField("gestion", max_length=10, choices=Gestion.choix(), default=Gestion.DIRECTE)
    delegataire = models.ForeignKey(Organisme, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    delai_presentation_jours = models.PositiveSmallIntegerField("délai de présentation (jours)", null=True, blank=True)
    delai_unite = models.CharField(
        "unité du délai", max_length=12, choices=DelaiUnite.choix(), default=DelaiUnite.CALENDAIRES
    )
    carence_decomptee = models.BooleanField("carence décomptée", default=True)
    fait_generateur = models.CharField(
        "fait générateur", max_length=20, choices=FaitGenerateur.choix(), default=FaitGenerateur.BAIL
    )
    report = models.CharField("report", max_length=10, choices=Report.choix(), blank=True)
    report_plafond = models.PositiveIntegerField("plafond du report (logements)", null=True, blank=True)
    nb_candidats = models.PositiveSmallIntegerField("nombre de candidats", null=True, blank=True)
    motif_perimetre = models.TextField("motif du périmètre", blank=True)
    premieres_locations = models.CharField(
        "premières locations", max_length=14, choices=PremieresLocations.choix(), default=PremieresLocations.A_PART
    )
    part_hors_qpv_min = models.DecimalField(
        "part hors QPV minimale (%)", max_digits=5, decimal_places=2, null=True, blank=True
    )
    garde_hors_qpv = models.BooleanField("garde hors QPV", default=False)
    derogation_taux = models.DecimalField(
        "dérogation : taux (%)", max_digits=5, decimal_places=2, null=True, blank=True
    )
    derogation_taux_agents = models.DecimalField(
        "dérogation : taux des agents (%)", max_digits=5, decimal_places=2, null=True, blank=True
    )
    derogation_motif = models.TextField("dérogation : motif", blank=True)
    derogation_arrete = models.CharField("dérogation : arrêté", max_length=120, blank=True)
    derogation_debut = models.DateField("dérogation : début", null=True, blank=True)
    derogation_fin = models.DateField("dérogation : fin (incluse)", null=True, blank=True)
    motif_sous_trente = models.TextField("motif d'un taux de l'État inférieur au maximum (RG-24)", blank=True)
    gabarit = models.ForeignKey(
        Gabarit, verbose_name="gabarit du texte", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    piece_signee = models.ForeignKey(Piece, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = ConventionQuerySet.as_manager()

    class Meta:
        verbose_name = "convention"
        ordering: ClassVar = ["numero"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bailleur", "numero"],
                name="convention_numero_unique",
                violation_error_message="Ce numéro désigne déjà une convention de ce bailleur.",
            ),
            ExclusionConstraint(
                name="convention_une_en_vigueur",
                expressions=[
                    ("bailleur", RangeOperators.EQUAL),
                    ("reservataire", RangeOperators.EQUAL),
                    ("departement", RangeOperators.EQUAL),
                    ("periode_vigueur", RangeOperators.OVERLAPS),
                ],
                condition=models.Q(date_signature__isnull=False),
                violation_error_message=(
                    "Une autre convention de ce réservataire est déjà en vigueur à ces dates chez ce bailleur (RG-10) : "
                    "résiliez-la, ou faites un avenant."
                ),
            ),
            models.CheckConstraint(condition=models.Q(etat__in=list(EtatConvention)), name="convention_etat_connu"),
            models.CheckConstraint(
                condition=models.Q(etat="signee", date_signature__isnull=False, date_effet__isnull=False)
                | (~models.Q(etat="signee") & models.Q(date_signature__isnull=True)),
                name="convention_signee_datee",
                violation_error_message="Une convention signée a une date de signature et une date d'effet.",
            ),
            models.CheckConstraint(
                condition=models.Q(date_fin__isnull=True)
                | models.Q(date_effet__isnull=True)
                | models.Q(date_fin__gte=models.F("date_effet")),
                name="convention_fin_apres_effet",
                violation_error_message="Le terme d'une convention ne précède pas sa date d'effet.",
            ),
            models.CheckConstraint(
                condition=models.Q(report_plafond__isnull=True) | models.Q(report="plafonne"),
                name="convention_plafond_de_report",
                violation_error_message="Un plafond de report suppose un report « plafonne ».",
            ),
            models.CheckConstraint(
                condition=models.Q(derogation_taux__isnull=True, derogation_taux_agents__isnull=True)
                | models.Q(derogation_debut__isnull=False, derogation_fin__isnull=False),
                name="convention_derogation_datee",
                violation_error_message="Une dérogation préfectorale a un début et une fin (RG-14).",
            ),
            models.CheckConstraint(
                condition=models.Q(gestion__in=list(Gestion))
                & models.Q(delai_unite__in=list(DelaiUnite))
                & models.Q(fait_generateur__in=list(FaitGenerateur))
                & models.Q(report__in=list(Report))
                & models.Q(premieres_locations__in=list(PremieresLocations)),
                name="convention_modalites_connues",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["bailleur", "departement", "reservataire"], name="convention_parties")
        ]

    def __str__(self) -> str:
        return self.numero

    @property
    def compte_id(self) -> int:
        """Identifiant de la première version de la chaîne : celui du compte (RG-03, RG-16)."""
        return self.origine_id or self.pk

    def est_en_vigueur(self, le: date) -> bool:
        """Vrai si la version court à cette date (RG-16)."""
        periode = self.periode_vigueur
        return periode is not None and le in periode


class Droit(models.Model):
    """Une ligne de droit d'une convention : un taux, là où il s'exerce et là où il court (RG-13, RG-33)."""

    convention = models.ForeignKey(Convention, on_delete=models.CASCADE, related_name="droits")
    contrepartie = models.CharField("contrepartie", max_length=24, choices=Contrepartie.choix())
    sous_contingent = models.CharField("sous-contingent", max_length=12, choices=SousContingent.choix(), blank=True)
    taux = models.DecimalField("taux (%)", max_digits=5, decimal_places=2)
    perimetre = models.ManyToManyField(Territoire, verbose_name="périmètre (où il s'exerce)", related_name="+")
    assiette = models.ManyToManyField(Territoire, verbose_name="assiette (où il court)", related_name="+", blank=True)
    montant_garanti = models.DecimalField("montant garanti (€)", max_digits=14, decimal_places=2, null=True, blank=True)
    dernier_versement = models.DateField("dernier versement de l'emprunt garanti (RG-23)", null=True, blank=True)

    class Meta:
        verbose_name = "droit"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(taux__gte=0, taux__lte=100),
                name="droit_taux_en_pourcentage",
                violation_error_message="Un taux va de 0 à 100 %.",
            ),
            models.CheckConstraint(
                condition=models.Q(contrepartie__in=list(Contrepartie)), name="droit_contrepartie_connue"
            ),
            models.CheckConstraint(
                condition=models.Q(sous_contingent__in=["", "prioritaires", "agents"]),
                name="droit_sous_contingent_connu",
            ),
            models.CheckConstraint(
                condition=models.Q(montant_garanti__isnull=True) | models.Q(montant_garanti__gte=0),
                name="droit_montant_garanti_positif",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.convention_id} {self.taux} %"
