"""L'occupation sociale d'une résidence, telle que l'enquête du bailleur la dit (RG-51)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import ClassVar, Final

from django.db import models

from conventions.models import Bailleur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.territoires.models import Commune

LIBELLES: Final = {
    "sous_60_plafonds": "ressources sous 60 % des plafonds",
    "allocataires": "allocataires d'une aide au logement",
    "monoparentales": "familles monoparentales",
    "emmenages_recents": "emménagés récents",
}
"""Comment l'agent lit chaque partie des ménages."""

PARTIES: Final = tuple(LIBELLES)
"""Ce que l'on compte parmi les ménages ; vide : l'enquête ne le dit pas."""


class OccupationQuerySet(models.QuerySet["Occupation"]):
    """Lecture de l'occupation."""

    def visibles_par(self, acteur: Acteur) -> OccupationQuerySet:
        """Le bailleur seul : ce sont les ménages de son parc."""
        if acteur.est_systeme:
            return self
        return self.filter(bailleur_id=acteur.organisme) if acteur.est_bailleur else self.none()

    def modifiables_par(self, acteur: Acteur) -> OccupationQuerySet:
        """Celles de son bailleur, pour un gestionnaire ou un responsable."""
        return self.visibles_par(acteur) if acteur.peut(Role.GESTIONNAIRE) else self.none()

    def dernieres(self, bailleur_id: int, programmes: Collection[str], le: date) -> OccupationQuerySet:
        """La dernière enquête connue à cette date de chaque résidence, par programme et commune."""
        connues = self.filter(bailleur_id=bailleur_id, programme__in=programmes, enquete_le__lte=le)
        return connues.order_by("programme", "commune_id", "-enquete_le").distinct("programme", "commune_id")


class Occupation(models.Model):
    """Les ménages d'une résidence à la date d'une enquête d'occupation : elle éclaire l'agent, le moteur ne la lit pas (RG-51).

    `programme` est le nom du programme au patrimoine ; la commune ne sert qu'à départager deux programmes de même nom.
    """

    bailleur = models.ForeignKey(Bailleur, on_delete=models.PROTECT, related_name="occupations")
    programme = models.CharField("programme", max_length=120)
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    enquete_le = models.DateField("date de l'enquête")
    menages = models.PositiveIntegerField("ménages")
    sous_60_plafonds = models.PositiveIntegerField("ménages sous 60 % des plafonds", null=True, blank=True)
    allocataires = models.PositiveIntegerField("ménages allocataires d'une aide au logement", null=True, blank=True)
    monoparentales = models.PositiveIntegerField("familles monoparentales", null=True, blank=True)
    emmenages_recents = models.PositiveIntegerField("emménagés récents", null=True, blank=True)

    objects = OccupationQuerySet.as_manager()

    class Meta:
        verbose_name = "occupation d'une résidence"
        verbose_name_plural = "occupations des résidences"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bailleur", "programme", "commune", "enquete_le"],
                nulls_distinct=False,
                name="occupation_une_par_enquete",
                violation_error_message="L'occupation de cette résidence à cette date est déjà connue.",
            ),
            models.CheckConstraint(condition=~models.Q(programme=""), name="occupation_d_un_programme"),
            *(
                models.CheckConstraint(
                    condition=models.Q(**{f"{partie}__isnull": True})
                    | models.Q(**{f"{partie}__lte": models.F("menages")}),
                    name=f"occupation_{partie}_au_plus_menages",
                    violation_error_message="Une partie des ménages ne dépasse pas leur nombre.",
                )
                for partie in PARTIES
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme}, {self.enquete_le:%d/%m/%Y}"
