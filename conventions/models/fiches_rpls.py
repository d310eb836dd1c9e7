"""Ce que le répertoire (RPLS) dit d'un logement et qui n'est pas du patrimoine : contingent, bail en cours (RG-02, RG-18, RG-35)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from conventions.domaine.contingents import CONTINGENTS
from conventions.models.patrimoine import Logement
from flux_reservations.commun.acteur import Acteur

CHOIX = [(str(code), libelle) for code, libelle in CONTINGENTS.items()]


class FicheRplsQuerySet(models.QuerySet["FicheRpls"]):
    """Lecture des fiches."""

    def visibles_par(self, acteur: Acteur) -> FicheRplsQuerySet:
        """Celles du patrimoine de son bailleur."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.filter(logement__bailleur_id=acteur.organisme)
        return self.none()


class FicheRpls(models.Model):
    """Le contingent déclaré (CONTRESLOG) et le bail en cours (BAIL) d'un logement, au 1er janvier du millésime.

    `millesime` vide : le fichier ne le disait pas. `est_vacant` : offert à la location sans bail en cours (MODE 2).
    """

    logement = models.OneToOneField(Logement, on_delete=models.CASCADE, related_name="fiche_rpls")
    contingent = models.CharField("contingent", max_length=1, choices=CHOIX, blank=True)
    dernier_bail = models.DateField("bail en cours signé le", null=True, blank=True)
    est_vacant = models.BooleanField("vacant, offert à la location", default=False)
    millesime = models.PositiveSmallIntegerField("millésime du RPLS", null=True, blank=True)

    objects = FicheRplsQuerySet.as_manager()

    class Meta:
        verbose_name = "fiche RPLS"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(contingent__in=["", *(code for code, _ in CHOIX)]), name="fiche_contingent_connu"
            )
        ]

    def __str__(self) -> str:
        return f"fiche {self.logement_id}"
