"""Les séances de la CALEOL (RG-43, RG-62) et les besoins exprimés par les réservataires (RG-51)."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models

from attributions.domaine.codes import Decision, MotifPeuDeCandidats
from attributions.models.membres import seances_du_membre
from attributions.models.orientations import Orientation
from conventions.domaine.codes import EtatConvention, Typologie
from conventions.models import Bailleur, Convention, Reservataire, ReservationStock
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.pieces.models import Piece
from flux_reservations.territoires.models import Territoire


class EtatSeance(models.TextChoices):
    """Où en est une séance."""

    PREVUE = "prevue", "Prévue"
    CLOSE = "close", "Close"


class SeanceQuerySet(models.QuerySet["Seance"]):
    """Lecture des séances."""

    def visibles_par(self, acteur: Acteur) -> SeanceQuerySet:
        """Le bailleur qui la tient ; le membre de la CALEOL, celles où il est convoqué, jusqu'à la fin du délai."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.filter(bailleur_id=acteur.organisme)
        if acteur.nature is Nature.CALEOL:
            return self.filter(pk__in=seances_du_membre(acteur))
        return self.none()

    def modifiables_par(self, acteur: Acteur) -> SeanceQuerySet:
        """Le bailleur, pour un gestionnaire ou un responsable."""
        if not acteur.peut(Role.GESTIONNAIRE):
            return self.none()
        return self.visibles_par(acteur)


class Seance(models.Model):
    """Une séance de la commission d'attribution (CALEOL) d'un bailleur ; close, elle ne change plus."""

    bailleur = models.ForeignKey(Bailleur, on_delete=models.PROTECT, related_name="seances")
    date = models.DateField("date")
    lieu = models.CharField("lieu", max_length=120, blank=True)
    etat = models.CharField("état", max_length=8, choices=EtatSeance.choices, default=EtatSeance.PREVUE)
    bilan_presente = models.PositiveSmallIntegerField("bilan annuel présenté (année, RG-62)", null=True, blank=True)
    proces_verbal = models.ForeignKey(Piece, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = SeanceQuerySet.as_manager()

    class Meta:
        verbose_name = "séance de la CALEOL"
        ordering: ClassVar = ["-date"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bailleur", "date", "lieu"],
                name="seance_unique",
                violation_error_message="Une séance est déjà prévue ce jour-là au même lieu.",
            ),
            models.CheckConstraint(condition=models.Q(etat__in=EtatSeance.values), name="seance_etat_connu"),
        ]

    def __str__(self) -> str:
        return f"CALEOL du {self.date:%d/%m/%Y}"


class Inscription(models.Model):
    """Un logement à l'ordre du jour d'une séance, et ce que la commission y a décidé (RG-42, RG-43).

    Une orientation repasse en commission après une non-attribution ou le refus de tous : chaque séance garde sa décision.
    """

    seance = models.ForeignKey(Seance, on_delete=models.PROTECT, related_name="inscriptions")
    orientation = models.ForeignKey(Orientation, on_delete=models.CASCADE, related_name="inscriptions")
    ordre = models.PositiveSmallIntegerField("ordre")
    decision = models.CharField("décision de la séance", max_length=16, choices=Decision.choix(), blank=True)
    motif_nombre = models.CharField(
        "moins de trois demandes examinées", max_length=12, choices=MotifPeuDeCandidats.choix(), blank=True
    )
    precision_nombre = models.CharField("précision sur le nombre de demandes", max_length=200, blank=True)

    class Meta:
        verbose_name = "inscription à l'ordre du jour"
        ordering: ClassVar = ["seance_id", "ordre"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["seance", "ordre"], name="inscription_ordre_unique"),
            models.UniqueConstraint(
                fields=["seance", "orientation"],
                name="inscription_unique",
                violation_error_message="Ce logement est déjà à l'ordre du jour de cette séance.",
            ),
            models.UniqueConstraint(
                fields=["orientation"],
                condition=models.Q(decision=""),
                name="inscription_une_a_decider",
                violation_error_message="Ce logement attend déjà une décision dans une autre séance.",
            ),
            models.CheckConstraint(
                condition=models.Q(decision__in=["", *Decision]), name="inscription_decision_connue"
            ),
            models.CheckConstraint(
                condition=models.Q(motif_nombre__in=["", *MotifPeuDeCandidats]), name="inscription_motif_connu"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seance} n° {self.ordre}"


class BesoinQuerySet(models.QuerySet["Besoin"]):
    """Lecture des besoins."""

    def visibles_par(self, acteur: Acteur) -> BesoinQuerySet:
        """Le réservataire qui l'exprime et les bailleurs qu'il vise ; sans bailleur visé, ceux avec qui il est lié."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.pour_le_bailleur(acteur.organisme)
        if acteur.est_reservataire:
            return self.filter(reservataire_id=acteur.organisme)
        return self.none()

    def modifiables_par(self, acteur: Acteur) -> BesoinQuerySet:
        """Ceux de son organisme, pour un gestionnaire ou un responsable."""
        if acteur.est_systeme:
            return self
        if acteur.est_reservataire and acteur.peut(Role.GESTIONNAIRE):
            return self.filter(reservataire_id=acteur.organisme)
        return self.none()

    def pour_le_bailleur(self, bailleur_id: int) -> BesoinQuerySet:
        """Ceux qui le visent, et ceux adressés à tous par un réservataire avec qui il a une convention ou du stock."""
        conventions = Convention.objects.exclude(etat=EtatConvention.BROUILLON).filter(bailleur_id=bailleur_id)
        stock = ReservationStock.objects.filter(logement__bailleur_id=bailleur_id)
        lies = models.Q(reservataire__in=conventions.values("reservataire_id")) | models.Q(
            reservataire__in=stock.values("reservataire_id")
        )
        return self.filter(models.Q(bailleur_id=bailleur_id) | (models.Q(bailleur__isnull=True) & lies))

    def courants(self, le: date) -> BesoinQuerySet:
        """Ceux qui valent encore à cette date."""
        return self.filter(valable_jusqu_au__gte=le)


class Besoin(models.Model):
    """Un besoin exprimé par un réservataire (« T4 accessible : 12 ménages ») : il éclaire l'agent, le moteur ne le lit pas (RG-51)."""

    reservataire = models.ForeignKey(Reservataire, on_delete=models.CASCADE, related_name="besoins")
    bailleur = models.ForeignKey(Bailleur, on_delete=models.CASCADE, null=True, blank=True, related_name="besoins")
    territoire = models.ForeignKey(Territoire, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    typologie = models.CharField("typologie", max_length=2, choices=Typologie.choix(), blank=True)
    pmr = models.BooleanField("accessible (PMR)", default=False)
    nb_menages = models.PositiveIntegerField("nombre de ménages")
    precision = models.CharField("précision", max_length=200, blank=True)
    valable_jusqu_au = models.DateField("valable jusqu'au")

    objects = BesoinQuerySet.as_manager()

    class Meta:
        verbose_name = "besoin exprimé"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(nb_menages__gt=0),
                name="besoin_menages_positif",
                violation_error_message="Un besoin concerne au moins un ménage.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.typologie or 'tout type'} : {self.nb_menages} ménages"
