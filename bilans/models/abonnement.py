"""L'abonnement d'une personne au calendrier de son bailleur : une adresse signée, qu'on révoque (RG-67)."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from conventions.models import Bailleur
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Acteur


class AbonnementCalendrierQuerySet(models.QuerySet["AbonnementCalendrier"]):
    """Lecture des abonnements."""

    def visibles_par(self, acteur: Acteur) -> AbonnementCalendrierQuerySet:
        """Le sien, chez son bailleur : l'adresse d'un autre ne se voit pas."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur and acteur.utilisateur_id is not None:
            return self.filter(bailleur_id=acteur.organisme, utilisateur_id=acteur.utilisateur_id)
        return self.none()

    def modifiables_par(self, acteur: Acteur) -> AbonnementCalendrierQuerySet:
        """Le sien : s'abonner n'est pas un acte sur un dossier, un lecteur le peut."""
        return self.visibles_par(acteur)

    def actifs(self) -> AbonnementCalendrierQuerySet:
        """Ceux qui ne sont pas révoqués."""
        return self.filter(revoque_le__isnull=True)


class AbonnementCalendrier(models.Model):
    """Une adresse de calendrier ; `cle` en est la part secrète, signée dans l'adresse ; révoquée, elle ne répond plus."""

    bailleur = models.ForeignKey(Bailleur, on_delete=models.PROTECT, related_name="abonnements_au_calendrier")
    utilisateur = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, related_name="+")
    cle = models.UUIDField("clé", default=uuid.uuid4, unique=True, editable=False)
    cree_le = models.DateTimeField("créé le", auto_now_add=True)
    revoque_le = models.DateTimeField("révoqué le", null=True, blank=True)

    objects = AbonnementCalendrierQuerySet.as_manager()

    class Meta:
        verbose_name = "abonnement au calendrier"
        verbose_name_plural = "abonnements au calendrier"
        ordering: ClassVar = ["-cree_le", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bailleur", "utilisateur"],
                condition=models.Q(revoque_le__isnull=True),
                name="abonnement_actif_unique",
                violation_error_message="Vous avez déjà une adresse de calendrier : révoquez-la d'abord.",
            )
        ]

    def __str__(self) -> str:
        return f"Calendrier de {self.bailleur} pour {self.utilisateur}"

    @property
    def pseudonyme(self) -> str:
        """Libellé sans donnée personnelle, pour le journal (RG-71)."""
        return f"abonnement {self.pk}, personne {self.utilisateur_id}"
