"""Les manquements (RG-20) : mise en demeure du préfet, deux mois, résiliation ou arrêté ; et ce que l'État dépose lui-même."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from conventions.domaine.codes import Gestion, SuiteManquement
from conventions.models.conventions import Convention
from conventions.models.organismes import Bailleur, Reservataire
from flux_reservations.acces.models import Organisme, Utilisateur
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.pieces.models import Piece
from flux_reservations.territoires.models import Departement


class ManquementQuerySet(models.QuerySet["Manquement"]):
    """Lecture des manquements."""

    def visibles_par(self, acteur: Acteur) -> ManquementQuerySet:
        """Le bailleur mis en demeure, le réservataire concerné, l'État qui met en demeure."""
        if acteur.est_systeme:
            return self
        if acteur.organisme_id is None:
            return self.none()
        return self.filter(
            models.Q(bailleur_id=acteur.organisme_id)
            | models.Q(reservataire_id=acteur.organisme_id)
            | models.Q(prefet_id=acteur.organisme_id)
        )

    def modifiables_par(self, acteur: Acteur) -> ManquementQuerySet:
        """L'État qui met en demeure ; le bailleur, les seules qu'il a enregistrées lui-même."""
        if acteur.est_systeme:
            return self
        if acteur.nature is Nature.ETAT and acteur.peut(Role.GESTIONNAIRE):
            return self.filter(prefet_id=acteur.organisme)
        if acteur.est_bailleur and acteur.peut(Role.GESTIONNAIRE):
            return self.filter(bailleur_id=acteur.organisme, saisi_par_organisme_id=acteur.organisme)
        return self.none()

    def ouverts(self) -> ManquementQuerySet:
        """Ceux qui attendent une suite."""
        return self.filter(suite="")


class Manquement(models.Model):
    """Une mise en demeure et sa suite (RG-20) : régularisation, résiliation de la convention, ou arrêté à défaut de convention.

    `saisi_par_organisme` : le préfet, ou le bailleur qui l'a reçue par courrier ; seul le préfet résilie ou fixe les droits.
    """

    prefet = models.ForeignKey(Organisme, on_delete=models.PROTECT, related_name="+")
    saisi_par_organisme = models.ForeignKey(Organisme, on_delete=models.PROTECT, related_name="+")
    bailleur = models.ForeignKey(Bailleur, on_delete=models.PROTECT, related_name="manquements")
    departement = models.ForeignKey(Departement, on_delete=models.PROTECT, related_name="+")
    reservataire = models.ForeignKey(Reservataire, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    convention = models.ForeignKey(
        Convention, on_delete=models.PROTECT, null=True, blank=True, related_name="manquements"
    )
    mise_en_demeure_le = models.DateField("mise en demeure le")
    motif = models.TextField("ce qui est reproché")
    reference = models.CharField("référence du courrier", max_length=120, blank=True)
    piece = models.ForeignKey(Piece, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    suite = models.CharField("suite", max_length=14, choices=SuiteManquement.choix(), blank=True)
    suite_le = models.DateField("suite donnée le", null=True, blank=True)
    suite_reference = models.CharField("référence de la suite", max_length=120, blank=True)
    suite_motif = models.TextField("motif de la suite", blank=True)
    suite_piece = models.ForeignKey(Piece, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = ManquementQuerySet.as_manager()

    class Meta:
        verbose_name = "manquement"
        ordering: ClassVar = ["-mise_en_demeure_le", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(suite__in=["", *SuiteManquement]), name="manquement_suite_connue"
            ),
            models.CheckConstraint(
                condition=models.Q(suite="", suite_le__isnull=True)
                | (~models.Q(suite="") & models.Q(suite_le__gte=models.F("mise_en_demeure_le"))),
                name="manquement_suite_datee",
                violation_error_message="La suite d'une mise en demeure est datée, et ne la précède pas.",
            ),
            models.CheckConstraint(
                condition=~models.Q(suite="resiliation") | models.Q(convention__isnull=False),
                name="manquement_resiliation_d_une_convention",
                violation_error_message="Une résiliation vise une convention.",
            ),
        ]

    def __str__(self) -> str:
        return f"manquement {self.pk}"


class ConventionDeposeeQuerySet(models.QuerySet["ConventionDeposee"]):
    """Lecture des conventions déposées par l'État."""

    def visibles_par(self, acteur: Acteur) -> ConventionDeposeeQuerySet:
        """L'État qui les dépose ; le réservataire qu'elles nomment."""
        if acteur.est_systeme:
            return self
        if acteur.organisme_id is None:
            return self.none()
        return self.filter(
            models.Q(deposee_par_organisme_id=acteur.organisme_id) | models.Q(reservataire_id=acteur.organisme_id)
        )

    def modifiables_par(self, acteur: Acteur) -> ConventionDeposeeQuerySet:
        """L'État qui les a déposées."""
        if acteur.est_systeme:
            return self
        if acteur.nature is Nature.ETAT and acteur.peut(Role.GESTIONNAIRE):
            return self.filter(deposee_par_organisme_id=acteur.organisme)
        return self.none()


class ConventionDeposee(models.Model):
    """Une convention d'un bailleur absent de la plateforme, reçue sur papier et déposée par l'État (RG-17).

    Elle n'ouvre aucun compte ici : elle complète la vue du département.
    """

    deposee_par_organisme = models.ForeignKey(Organisme, on_delete=models.PROTECT, related_name="conventions_deposees")
    departement = models.ForeignKey(Departement, on_delete=models.PROTECT, related_name="+")
    bailleur_nom = models.CharField("bailleur", max_length=200)
    bailleur_siren = models.CharField("SIREN du bailleur", max_length=9)
    reservataire = models.ForeignKey(Reservataire, on_delete=models.PROTECT, related_name="+")
    numero = models.CharField("numéro", max_length=60)
    taux = models.DecimalField("taux total (%)", max_digits=5, decimal_places=2)
    gestion = models.CharField("gestion", max_length=10, choices=Gestion.choix(), default=Gestion.DIRECTE)
    date_signature = models.DateField("signée le")
    date_effet = models.DateField("effet le")
    date_fin = models.DateField("terme (inclus)", null=True, blank=True)
    piece = models.ForeignKey(Piece, on_delete=models.PROTECT, related_name="+")
    deposee_le = models.DateTimeField("déposée le", auto_now_add=True)
    deposee_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ConventionDeposeeQuerySet.as_manager()

    class Meta:
        verbose_name = "convention déposée par l'État"
        verbose_name_plural = "conventions déposées par l'État"
        ordering: ClassVar = ["bailleur_nom", "numero"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["departement", "bailleur_siren", "numero"],
                name="convention_deposee_unique",
                violation_error_message="Cette convention est déjà déposée.",
            ),
            models.CheckConstraint(
                condition=models.Q(bailleur_siren__regex=r"^\d{9}$"),
                name="convention_deposee_siren",
                violation_error_message="Un SIREN a neuf chiffres.",
            ),
            models.CheckConstraint(
                condition=models.Q(taux__gte=0, taux__lte=100),
                name="convention_deposee_taux",
                violation_error_message="Un taux va de 0 à 100 %.",
            ),
            models.CheckConstraint(
                condition=models.Q(date_fin__isnull=True) | models.Q(date_fin__gte=models.F("date_effet")),
                name="convention_deposee_fin_apres_effet",
                violation_error_message="Le terme d'une convention ne précède pas sa date d'effet.",
            ),
            models.CheckConstraint(
                condition=models.Q(gestion__in=list(Gestion)), name="convention_deposee_gestion_connue"
            ),
        ]

    def __str__(self) -> str:
        return self.numero
