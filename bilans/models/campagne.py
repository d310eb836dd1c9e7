"""Une campagne : tous les documents annuels d'un bailleur, produits à la suite, qu'on interrompt et qu'on reprend (RG-60 à RG-62)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from conventions.models import Bailleur
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Acteur, Role


class CampagneQuerySet(models.QuerySet["Campagne"]):
    """Lecture des campagnes."""

    def visibles_par(self, acteur: Acteur) -> CampagneQuerySet:
        """Celles de son bailleur."""
        if acteur.est_systeme:
            return self
        return self.filter(bailleur_id=acteur.organisme) if acteur.est_bailleur else self.none()

    def modifiables_par(self, acteur: Acteur) -> CampagneQuerySet:
        """Celles de son bailleur, pour un gestionnaire ou un responsable."""
        return self.visibles_par(acteur) if acteur.est_systeme or acteur.peut(Role.GESTIONNAIRE) else self.none()


class Campagne(models.Model):
    """Les documents à produire au titre d'une année ; ce qui est fait se lit sur ses bilans, jamais ici."""

    bailleur = models.ForeignKey(Bailleur, on_delete=models.PROTECT, related_name="campagnes")
    annee = models.PositiveSmallIntegerField("année rendue")
    cree_le = models.DateTimeField("ouverte le", auto_now_add=True)
    cree_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    interrompue_le = models.DateTimeField("interrompue le", null=True, blank=True)

    objects = CampagneQuerySet.as_manager()

    class Meta:
        verbose_name = "campagne de bilans"
        verbose_name_plural = "campagnes de bilans"
        ordering: ClassVar = ["-cree_le", "-id"]

    def __str__(self) -> str:
        return f"Campagne {self.annee}, {self.bailleur}"
