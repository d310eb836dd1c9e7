"""Les gabarits de texte de convention d'un bailleur, version par version (RG-12)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from conventions.models.organismes import Bailleur
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Acteur, Role


class GabaritQuerySet(models.QuerySet["Gabarit"]):
    """Lecture des gabarits."""

    def visibles_par(self, acteur: Acteur) -> GabaritQuerySet:
        """Ceux de son bailleur."""
        if acteur.est_systeme:
            return self
        return self.filter(bailleur_id=acteur.organisme) if acteur.est_bailleur else self.none()

    def modifiables_par(self, acteur: Acteur) -> GabaritQuerySet:
        """Ceux de son bailleur, pour un gestionnaire."""
        return self.visibles_par(acteur) if acteur.peut(Role.GESTIONNAIRE) else self.none()

    def dernieres_versions(self) -> GabaritQuerySet:
        """La version courante de chaque gabarit."""
        plus_recente = (
            Gabarit.objects.filter(bailleur=models.OuterRef("bailleur"), nom=models.OuterRef("nom"))
            .order_by("-rang")
            .values("pk")[:1]
        )
        return self.filter(pk=models.Subquery(plus_recente))


class Gabarit(models.Model):
    """Une version d'un gabarit : elle ne change plus, une correction écrit la suivante.

    Le texte est écrit dans un langage fermé (`domaine/gabarit.py`) : des titres, des paragraphes, des variables d'une liste.
    """

    bailleur = models.ForeignKey(Bailleur, on_delete=models.PROTECT, related_name="gabarits")
    nom = models.CharField("nom", max_length=80)
    rang = models.PositiveSmallIntegerField("version")
    texte = models.TextField("texte")
    ecrit_le = models.DateTimeField("écrit le", auto_now_add=True)
    ecrit_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, related_name="+")

    objects = GabaritQuerySet.as_manager()

    class Meta:
        verbose_name = "gabarit"
        ordering: ClassVar = ["nom", "-rang"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bailleur", "nom", "rang"],
                name="gabarit_version_unique",
                violation_error_message="Cette version du gabarit existe déjà.",
            ),
            models.CheckConstraint(
                condition=~models.Q(nom="") & ~models.Q(texte=""),
                name="gabarit_ecrit",
                violation_error_message="Un gabarit a un nom et un texte.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nom}, version {self.rang}"
