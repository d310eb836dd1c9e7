"""Le carnet des autorités : qui reçoit, par territoire, à quelle adresse, par quelle voie, depuis quand (RG-17, RG-18, RG-60)."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models

from conventions.domaine.codes import VoieDeRemise
from flux_reservations.acces.models import Organisme, Utilisateur
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.territoires.models import Territoire

PARTAGEURS = (Nature.ETAT.value, Nature.PLATEFORME.value)
"""Qui tient le carnet pour tous : l'État sur son département, la plateforme partout."""


class PeriodeDuContact(models.Func):
    """De la prise de fonction au dernier jour, inclus."""

    template = "daterange(depuis, jusqu_au, '[]')"
    output_field = DateRangeField()


class ContactQuerySet(models.QuerySet["ContactAutorite"]):
    """Lecture du carnet."""

    def visibles_par(self, acteur: Acteur) -> ContactQuerySet:
        """Le carnet partagé, et les contacts que tient son organisme."""
        if acteur.est_systeme:
            return self
        if acteur.organisme_id is None:
            return self.none()
        return self.filter(models.Q(tenu_par_id=acteur.organisme_id) | models.Q(tenu_par__nature__in=PARTAGEURS))

    def modifiables_par(self, acteur: Acteur) -> ContactQuerySet:
        """Ceux que tient son organisme."""
        if acteur.est_systeme:
            return self
        if acteur.organisme_id is None or not acteur.peut(Role.GESTIONNAIRE):
            return self.none()
        return self.filter(tenu_par_id=acteur.organisme_id)

    def valables_le(self, jour: date) -> ContactQuerySet:
        """Ceux qui sont en fonction ce jour-là."""
        return self.filter(periode__contains=jour)


class ContactAutorite(models.Model):
    """L'autorité d'un territoire telle qu'un organisme la connaît, sur une période.

    Un bailleur corrige pour lui seul ; l'État de son département et la plateforme corrigent pour tous.
    """

    territoire = models.ForeignKey(Territoire, on_delete=models.PROTECT, related_name="+")
    tenu_par = models.ForeignKey(Organisme, on_delete=models.PROTECT, related_name="contacts_tenus")
    nom = models.CharField("service ou fonction", max_length=200)
    courriel = models.EmailField("courriel", blank=True)
    adresse = models.TextField("adresse postale", blank=True)
    voie = models.CharField("voie de remise", max_length=12, choices=VoieDeRemise.choix())
    concerne_par_la_reforme = models.BooleanField("EPCI concerné par la réforme des attributions", default=False)
    depuis = models.DateField("depuis le")
    jusqu_au = models.DateField("jusqu'au (inclus)", null=True, blank=True)
    periode = models.GeneratedField(expression=PeriodeDuContact(), output_field=DateRangeField(), db_persist=True)
    saisi_le = models.DateTimeField("saisi le", auto_now_add=True)
    saisi_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = "contact d'une autorité"
        verbose_name_plural = "contacts des autorités"
        ordering: ClassVar = ["territoire", "-depuis"]
        constraints: ClassVar = [
            ExclusionConstraint(
                name="contact_un_a_la_fois",
                expressions=[
                    ("territoire", RangeOperators.EQUAL),
                    ("tenu_par", RangeOperators.EQUAL),
                    ("periode", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Un autre contact de cette autorité vaut à ces dates : fermez-le d'abord.",
            ),
            models.CheckConstraint(
                condition=models.Q(jusqu_au__isnull=True) | models.Q(jusqu_au__gte=models.F("depuis")),
                name="contact_fin_apres_debut",
                violation_error_message="Un contact ne finit pas avant d'avoir commencé.",
            ),
            models.CheckConstraint(condition=models.Q(voie__in=list(VoieDeRemise)), name="contact_voie_connue"),
            models.CheckConstraint(
                condition=~models.Q(voie="courriel") | ~models.Q(courriel=""),
                name="contact_courriel_donne",
                violation_error_message="Une remise par courriel exige une adresse.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nom}, {self.territoire}"


def rang_de_confiance(organisme_id: int, departement: str) -> models.Case:
    """Ordre de lecture : le contact de l'organisme, celui de l'État du département, celui de la plateforme, celui d'un autre État."""
    return models.Case(
        models.When(tenu_par_id=organisme_id, then=0),
        models.When(tenu_par__nature=Nature.ETAT.value, tenu_par__territoire_id=f"departement:{departement}", then=1),
        models.When(tenu_par__nature=Nature.PLATEFORME.value, then=2),
        default=3,
        output_field=models.IntegerField(),
    )
