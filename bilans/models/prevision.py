"""La prévision du flux (RG-32), figée à sa publication."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from conventions.models import Bailleur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.territoires.models import Commune, Departement


class PrevisionQuerySet(models.QuerySet["Prevision"]):
    """Lecture des prévisions."""

    def visibles_par(self, acteur: Acteur) -> PrevisionQuerySet:
        """Le bailleur."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.filter(bailleur_id=acteur.organisme)
        return self.none()

    def modifiables_par(self, acteur: Acteur) -> PrevisionQuerySet:
        """Celles de son bailleur qui ne sont pas publiées."""
        if not acteur.peut(Role.GESTIONNAIRE):
            return self.none()
        return self.visibles_par(acteur).filter(publiee_le__isnull=True)


class Prevision(models.Model):
    """A et B prévus d'une commune pour une année (RG-32) ; B par motif d'exclusion."""

    bailleur = models.ForeignKey(Bailleur, on_delete=models.PROTECT, related_name="previsions")
    departement = models.ForeignKey(Departement, on_delete=models.PROTECT, related_name="+")
    annee = models.PositiveSmallIntegerField("année")
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="+")
    mises_en_location = models.PositiveIntegerField("A prévu (logements)")
    exclusions = models.JSONField("B prévu par motif (logements)", default=dict)
    publiee_le = models.DateTimeField("publiée le", null=True, blank=True)

    objects = PrevisionQuerySet.as_manager()

    class Meta:
        verbose_name = "prévision"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bailleur", "departement", "annee", "commune"], name="prevision_unique_par_commune"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bailleur} {self.annee} {self.commune_id}"
