"""La concertation d'un programme neuf : invités, propositions, répartition arrêtée, compte rendu, entrée dans le flux (RG-22)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from conventions.domaine.codes import EtatConcertation, SousContingent
from conventions.models.organismes import Bailleur, Reservataire
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.pieces.models import Piece
from flux_reservations.territoires.models import Commune, Departement


class ConcertationQuerySet(models.QuerySet["Concertation"]):
    """Lecture des concertations."""

    def visibles_par(self, acteur: Acteur) -> ConcertationQuerySet:
        """Le bailleur qui l'organise, les réservataires invités."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.filter(bailleur_id=acteur.organisme)
        if acteur.est_reservataire:
            return self.filter(
                pk__in=PartConcertation.objects.filter(reservataire_id=acteur.organisme).values("concertation")
            )
        return self.none()

    def modifiables_par(self, acteur: Acteur) -> ConcertationQuerySet:
        """Le bailleur qui l'organise."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur and acteur.peut(Role.GESTIONNAIRE):
            return self.filter(bailleur_id=acteur.organisme)
        return self.none()


class Concertation(models.Model):
    """La concertation sur les premières mises en location d'un programme (RG-22).

    `programme` est le nom du programme au patrimoine : le compteur à part suit les premières locations de ses logements.
    """

    bailleur = models.ForeignKey(Bailleur, on_delete=models.PROTECT, related_name="concertations")
    departement = models.ForeignKey(Departement, on_delete=models.PROTECT, related_name="+")
    commune = models.ForeignKey(Commune, on_delete=models.PROTECT, related_name="+")
    programme = models.CharField("programme", max_length=120)
    logements = models.PositiveIntegerField("logements à mettre en location")
    livraison_le = models.DateField("première mise en location prévue le")
    reunion_le = models.DateField("réunion de concertation le", null=True, blank=True)
    reponse_avant_le = models.DateField("propositions attendues jusqu'au")
    etat = models.CharField("état", max_length=14, choices=EtatConcertation.choix(), default=EtatConcertation.OUVERTE)
    ouverte_le = models.DateField("ouverte le")
    arretee_le = models.DateField("répartition arrêtée le", null=True, blank=True)
    dans_le_flux_le = models.DateField("entrée dans le flux le", null=True, blank=True)
    compte_rendu = models.TextField("compte rendu", blank=True)
    piece = models.ForeignKey(Piece, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = ConcertationQuerySet.as_manager()

    class Meta:
        verbose_name = "concertation"
        ordering: ClassVar = ["-livraison_le", "programme"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bailleur", "commune", "programme"],
                name="concertation_unique",
                violation_error_message="Ce programme a déjà sa concertation.",
            ),
            models.CheckConstraint(condition=models.Q(etat__in=list(EtatConcertation)), name="concertation_etat_connu"),
            models.CheckConstraint(
                condition=models.Q(logements__gt=0),
                name="concertation_logements_positifs",
                violation_error_message="Un programme a au moins un logement.",
            ),
            models.CheckConstraint(
                condition=models.Q(etat="ouverte", arretee_le__isnull=True, dans_le_flux_le__isnull=True)
                | models.Q(etat="arretee", arretee_le__isnull=False, dans_le_flux_le__isnull=True)
                | models.Q(etat="dans_le_flux", arretee_le__isnull=False, dans_le_flux_le__isnull=False),
                name="concertation_datee",
                violation_error_message="Une concertation arrêtée est datée.",
            ),
            models.CheckConstraint(
                condition=models.Q(etat="ouverte") | ~models.Q(compte_rendu=""),
                name="concertation_rapportee",
                violation_error_message="Une répartition arrêtée a son compte rendu (RG-22).",
            ),
        ]

    def __str__(self) -> str:
        return self.programme


class PartQuerySet(models.QuerySet["PartConcertation"]):
    """Lecture des parts."""

    def visibles_par(self, acteur: Acteur) -> PartQuerySet:
        """Toutes pour le bailleur ; la sienne (celle de son service) pour un invité, et toutes une fois la répartition arrêtée."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.filter(concertation__bailleur_id=acteur.organisme)
        if not acteur.est_reservataire:
            return self.none()
        arretees = ~models.Q(concertation__etat=EtatConcertation.OUVERTE) & models.Q(
            concertation__in=PartConcertation.objects.filter(reservataire_id=acteur.organisme).values("concertation")
        )
        return self.filter(_sienne(acteur) | arretees)

    def modifiables_par(self, acteur: Acteur) -> PartQuerySet:
        """Celles du bailleur qui organise ; la sienne pour un invité."""
        if acteur.est_systeme:
            return self
        if not acteur.peut(Role.GESTIONNAIRE):
            return self.none()
        if acteur.est_bailleur:
            return self.filter(concertation__bailleur_id=acteur.organisme)
        return self.filter(_sienne(acteur)) if acteur.est_reservataire else self.none()


def _sienne(acteur: Acteur) -> models.Q:
    """Condition : la part est celle de l'organisme, et de son service si l'acteur n'en sert qu'un (§ 6)."""
    sienne = models.Q(reservataire_id=acteur.organisme)
    return sienne if acteur.sert("") else sienne & models.Q(sous_contingent__in=acteur.sous_contingents)


class PartConcertation(models.Model):
    """La part d'un compte dans un programme neuf : ce que demande l'invité, ce que la répartition arrête.

    `reservataire` vide : le bailleur, ce qui reste non réservé.
    """

    concertation = models.ForeignKey(Concertation, on_delete=models.CASCADE, related_name="parts")
    reservataire = models.ForeignKey(Reservataire, on_delete=models.PROTECT, null=True, related_name="+")
    sous_contingent = models.CharField("sous-contingent", max_length=12, choices=SousContingent.choix(), blank=True)
    demandes = models.PositiveIntegerField("logements demandés", null=True, blank=True)
    souhait = models.TextField("souhait", blank=True)
    repondue_le = models.DateTimeField("proposition reçue le", null=True, blank=True)
    repondue_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, related_name="+")
    arretes = models.PositiveIntegerField("logements arrêtés", null=True, blank=True)

    objects = PartQuerySet.as_manager()

    class Meta:
        verbose_name = "part d'une concertation"
        verbose_name_plural = "parts d'une concertation"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["concertation", "reservataire", "sous_contingent"],
                nulls_distinct=False,
                name="part_de_concertation_unique",
                violation_error_message="Ce compte est déjà invité.",
            ),
            models.CheckConstraint(
                condition=models.Q(sous_contingent__in=["", "prioritaires", "agents"]),
                name="part_de_concertation_sous_contingent",
            ),
            models.CheckConstraint(
                condition=models.Q(demandes__isnull=True) | models.Q(repondue_le__isnull=False),
                name="part_de_concertation_repondue",
                violation_error_message="Une demande est datée.",
            ),
        ]

    def __str__(self) -> str:
        return f"part {self.pk}"
