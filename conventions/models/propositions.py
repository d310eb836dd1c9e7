"""Les versions proposées d'une convention, et le fil des commentaires de ses parties (RG-16)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from conventions.domaine.codes import EtatConvention
from conventions.models.conventions import Convention
from flux_reservations.acces.models import Organisme, Utilisateur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.pieces.models import Piece


class VersionProposee(models.Model):
    """Ce qui a été soumis au réservataire, figé : le texte de la version, sa date. Elle se lit avec sa convention."""

    convention = models.ForeignKey(Convention, on_delete=models.CASCADE, related_name="versions_proposees")
    rang = models.PositiveSmallIntegerField("version")
    proposee_le = models.DateField("proposée le")
    proposee_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, related_name="+")
    piece = models.ForeignKey(Piece, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "version proposée"
        verbose_name_plural = "versions proposées"
        ordering: ClassVar = ["rang"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["convention", "rang"], name="version_proposee_unique"),
        ]

    def __str__(self) -> str:
        return f"version {self.rang}"


class CommentaireQuerySet(models.QuerySet["Commentaire"]):
    """Lecture du fil."""

    def visibles_par(self, acteur: Acteur) -> CommentaireQuerySet:
        """Les parties, jamais les destinataires de la transmission ; le fil d'un brouillon n'est lu que du bailleur."""
        if acteur.est_systeme:
            return self
        if acteur.organisme_id is None:
            return self.none()
        partie = models.Q(convention__reservataire_id=acteur.organisme_id) | models.Q(
            convention__delegataire_id=acteur.organisme_id
        )
        return self.filter(
            models.Q(convention__bailleur_id=acteur.organisme_id)
            | (partie & ~models.Q(convention__etat=EtatConvention.BROUILLON))
        )

    def modifiables_par(self, acteur: Acteur) -> CommentaireQuerySet:
        """Personne ne récrit ce qui a été dit : on répond."""
        return self if acteur.est_systeme and acteur.peut(Role.RESPONSABLE) else self.none()


class Commentaire(models.Model):
    """Un commentaire d'une partie sur la version proposée de ce rang ; il ne se change ni ne se retire."""

    convention = models.ForeignKey(Convention, on_delete=models.CASCADE, related_name="commentaires")
    rang = models.PositiveSmallIntegerField("version commentée")
    organisme = models.ForeignKey(Organisme, on_delete=models.PROTECT, related_name="+")
    texte = models.TextField("commentaire")
    ecrit_le = models.DateTimeField("écrit le", auto_now_add=True)
    ecrit_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, related_name="+")

    objects = CommentaireQuerySet.as_manager()

    class Meta:
        verbose_name = "commentaire"
        ordering: ClassVar = ["ecrit_le", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(texte=""),
                name="commentaire_ecrit",
                violation_error_message="Un commentaire a un texte.",
            ),
        ]

    def __str__(self) -> str:
        return f"commentaire {self.pk}"
