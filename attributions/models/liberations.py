"""Les libérations (RG-40) : congé reçu, disponibilité, qualification, bail."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from attributions.domaine.codes import Exclusion, NatureLiberation, Retrait
from attributions.models.delegations import a_disposition_de
from conventions.models import Bailleur, Logement
from flux_reservations.commun.acteur import Acteur, Role


class LiberationQuerySet(models.QuerySet["Liberation"]):
    """Lecture des libérations."""

    def visibles_par(self, acteur: Acteur) -> LiberationQuerySet:
        """Le bailleur voit les siennes ; un réservataire, ou son délégataire, celles mises à sa disposition (domaine.md § 6)."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.filter(bailleur_id=acteur.organisme)
        if acteur.est_reservataire:
            return self.filter(pk__in=a_disposition_de(acteur, "liberation_id"))
        return self.none()

    def modifiables_par(self, acteur: Acteur) -> LiberationQuerySet:
        """Celles de son bailleur, pour qui oriente."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur and acteur.peut(Role.GESTIONNAIRE):
            return self.filter(bailleur_id=acteur.organisme)
        return self.none()

    def actives(self) -> LiberationQuerySet:
        """Celles qui n'ont pas été retirées."""
        return self.filter(retrait="")

    def du_departement(self, departement: str) -> LiberationQuerySet:
        """Celles de logements de ce département."""
        return self.filter(logement__commune__departement_id=departement)


class Liberation(models.Model):
    """Un logement qui se libère (RG-40). `bailleur` recopie celui du logement : une clé composée l'impose en base."""

    bailleur = models.ForeignKey(Bailleur, on_delete=models.PROTECT, related_name="liberations")
    numero = models.CharField("numéro", max_length=60)
    logement = models.ForeignKey(Logement, on_delete=models.PROTECT, related_name="liberations")
    date_conge = models.DateField("congé reçu le", null=True, blank=True)
    date_disponibilite = models.DateField("disponible le")
    nature = models.CharField(
        "nature", max_length=18, choices=NatureLiberation.choix(), default=NatureLiberation.RELOCATION
    )
    exclusion = models.CharField("exclusion", max_length=12, choices=Exclusion.choix(), blank=True)
    motif_exclusion = models.TextField("motif de la qualification", blank=True)
    retrait = models.CharField("retrait", max_length=14, choices=Retrait.choix(), blank=True)
    motif_retrait = models.TextField("motif du retrait", blank=True)
    date_bail = models.DateField("bail signé le", null=True, blank=True)

    objects = LiberationQuerySet.as_manager()

    class Meta:
        verbose_name = "libération"
        ordering: ClassVar = ["date_disponibilite", "numero"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bailleur", "numero"],
                name="liberation_numero_unique",
                violation_error_message="Ce numéro désigne déjà une libération de ce bailleur.",
            ),
            models.CheckConstraint(
                condition=models.Q(date_bail__isnull=True)
                | models.Q(date_conge__isnull=True)
                | models.Q(date_bail__gte=models.F("date_conge")),
                name="liberation_bail_apres_conge",
                violation_error_message="Le bail ne précède pas le congé.",
            ),
            models.CheckConstraint(
                condition=models.Q(retrait="") | models.Q(date_bail__isnull=True),
                name="liberation_retiree_sans_bail",
                violation_error_message="Une libération retirée n'a pas de bail.",
            ),
            models.CheckConstraint(
                condition=models.Q(nature__in=list(NatureLiberation)), name="liberation_nature_connue"
            ),
            models.CheckConstraint(
                condition=models.Q(exclusion__in=["", *Exclusion]), name="liberation_exclusion_connue"
            ),
            models.CheckConstraint(condition=models.Q(retrait__in=["", *Retrait]), name="liberation_retrait_connu"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["bailleur", "date_disponibilite"], name="liberation_disponibilite"),
            models.Index(fields=["bailleur", "date_bail"], name="liberation_bail"),
            # Les logements qu'un réservataire lit se trouvent par les libérations qu'on lui met à disposition, sans lire la table.
            models.Index(fields=["id"], include=["logement"], name="liberation_du_logement"),
        ]

    def __str__(self) -> str:
        return self.numero
