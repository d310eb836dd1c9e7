"""Les membres convoqués à une séance de la CALEOL : chacun voit sa séance, pas plus, et pas après un délai (domaine.md § 6)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import ExpressionWrapper, F
from django.utils import timezone

from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Acteur, Nature, Role


class MembreQuerySet(models.QuerySet["MembreSeance"]):
    """Lecture des convocations."""

    def visibles_par(self, acteur: Acteur) -> MembreQuerySet:
        """Le bailleur qui tient la séance ; le membre, les siennes tant qu'elles lui sont ouvertes."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.filter(seance__bailleur_id=acteur.organisme)
        if acteur.nature is Nature.CALEOL:
            return self.ouvertes().filter(rattachement__utilisateur_id=acteur.utilisateur_id or 0)
        return self.none()

    def ouvertes(self) -> MembreQuerySet:
        """Celles d'un membre toujours en fonction chez ce bailleur, dont le délai d'accès n'est pas passé."""
        fin = ExpressionWrapper(F("seance__date") + F("jours_apres"), models.DateField())
        return self.alias(dernier_jour=fin).filter(
            dernier_jour__gte=timezone.localdate(),
            rattachement__role=Role.MEMBRE,
            rattachement__clos_le__isnull=True,
            rattachement__utilisateur__is_active=True,
            rattachement__organisme_id=F("seance__bailleur_id"),
        )


class MembreSeance(models.Model):
    """Une personne convoquée à une séance ; elle la lit jusqu'à `jours_apres` jours après sa date."""

    seance = models.ForeignKey("attributions.Seance", on_delete=models.CASCADE, related_name="membres")
    rattachement = models.ForeignKey(Rattachement, on_delete=models.PROTECT, related_name="convocations")
    jours_apres = models.PositiveSmallIntegerField("jours d'accès après la séance")
    convoque_le = models.DateTimeField("convoqué le", auto_now_add=True)

    objects = MembreQuerySet.as_manager()

    class Meta:
        verbose_name = "membre d'une séance"
        ordering: ClassVar = ["seance_id", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["seance", "rattachement"],
                name="membre_une_fois",
                violation_error_message="Cette personne est déjà convoquée à cette séance.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.seance}, rattachement {self.rattachement_id}"

    @property
    def fin(self) -> date:
        """Dernier jour où la séance se lit."""
        return self.seance.date + timedelta(days=self.jours_apres)


def seances_du_membre(acteur: Acteur) -> models.QuerySet[MembreSeance, Any]:
    """Clés des séances ouvertes à un membre de la CALEOL."""
    return MembreSeance.objects.visibles_par(acteur).values("seance_id")
