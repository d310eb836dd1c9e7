"""Les pièces qui s'ajoutent au dossier d'une convention après sa signature (RG-12, RG-16)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from conventions.domaine.codes import NaturePiece
from conventions.models.conventions import Convention
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.pieces.models import Piece


class ComplementQuerySet(models.QuerySet["Complement"]):
    """Lecture des pièces ajoutées."""

    def visibles_par(self, acteur: Acteur) -> ComplementQuerySet:
        """Celles des conventions qu'il lit, retirées comprises : ce qui a été au dossier se sait."""
        return self.filter(convention__in=Convention.objects.visibles_par(acteur))

    def lisibles_par(self, acteur: Acteur) -> ComplementQuerySet:
        """Parmi les visibles, celles dont le document s'ouvre : une pièce retirée ne se lit plus que du bailleur, qui la garde."""
        if acteur.est_systeme or acteur.est_bailleur:
            return self
        return self.filter(retiree_le__isnull=True)

    def modifiables_par(self, acteur: Acteur) -> ComplementQuerySet:
        """Celles des conventions du bailleur, pour un responsable."""
        if not acteur.peut(Role.RESPONSABLE):
            return self.none()
        return self.filter(convention__in=Convention.objects.modifiables_par(acteur))


class Complement(models.Model):
    """Une pièce ajoutée après la signature : avenant numérisé, annexe, exemplaire signé (RG-12, RG-16).

    Elle s'ajoute à la pièce signée, sans la remplacer, et ne s'efface pas : déposée par erreur, elle est retirée, avec un motif ; la ligne
    reste à tous les lecteurs, le document au bailleur.
    """

    convention = models.ForeignKey(Convention, on_delete=models.PROTECT, related_name="complements")
    rang = models.PositiveSmallIntegerField("rang")
    nature = models.CharField("nature", max_length=10, choices=NaturePiece.choix())
    objet = models.CharField("objet", max_length=200)
    piece = models.ForeignKey(Piece, on_delete=models.PROTECT, related_name="+")
    deposee_le = models.DateTimeField("déposée le", auto_now_add=True)
    deposee_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, related_name="+")
    retiree_le = models.DateField("retirée le", null=True, blank=True)
    motif_retrait = models.CharField("motif du retrait", max_length=300, blank=True)
    retiree_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ComplementQuerySet.as_manager()

    class Meta:
        verbose_name = "pièce ajoutée"
        verbose_name_plural = "pièces ajoutées"
        ordering: ClassVar = ["rang"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["convention", "rang"], name="complement_rang_unique"),
            models.CheckConstraint(
                condition=models.Q(nature__in=list(NaturePiece)),
                name="complement_nature_connue",
                violation_error_message="Dites ce qu'est cette pièce.",
            ),
            models.CheckConstraint(
                condition=models.Q(retiree_le__isnull=True, motif_retrait="")
                | (models.Q(retiree_le__isnull=False) & ~models.Q(motif_retrait="")),
                name="complement_retire_avec_motif",
                violation_error_message="Une pièce retirée l'est à une date et avec un motif.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_nature_display()} n° {self.rang}"
