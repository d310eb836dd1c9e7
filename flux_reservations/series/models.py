"""Une série : le même acte sur plusieurs lignes, et ce qu'il est advenu de chacune (RG-16, RG-17, RG-60)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from flux_reservations.acces.models import Organisme, Utilisateur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.pieces.models import Piece

GENRE_EN_ATTENTE = "piece_en_attente"
"""Genre d'une pièce déposée pour une série qui n'est pas encore menée à bien : elle part avec elle si on l'abandonne."""


RAPPELEE_PENDANT = timedelta(days=2)
"""Temps où une série finie avec des refus se rappelle encore."""


class GenreSerie(models.TextChoices):
    """L'acte que répète une série."""

    SIGNATURE = "signature", "Signature de conventions"
    TRANSMISSION = "transmission", "Transmission de conventions"
    PUBLICATION = "publication", "Publication de bilans"


class EtatActe(models.TextChoices):
    """Où en est une ligne : prête elle sera faite, écartée à l'essai elle ne le sera pas."""

    PRET = "pret", "Prêt"
    ECARTE = "ecarte", "Écarté"
    FAIT = "fait", "Fait"
    REFUSE = "refuse", "Refusé"


class SerieQuerySet(models.QuerySet["Serie"]):
    """Lecture des séries."""

    def visibles_par(self, acteur: Acteur) -> SerieQuerySet:
        """Celles de son organisme."""
        if acteur.est_systeme:
            return self
        return self.filter(organisme_id=acteur.organisme_id) if acteur.organisme_id is not None else self.none()

    def modifiables_par(self, acteur: Acteur) -> SerieQuerySet:
        """Celles de son organisme, pour un responsable : chaque acte en nombre est le sien."""
        return self.visibles_par(acteur) if acteur.peut(Role.RESPONSABLE) else self.none()

    def avec_avancement(self) -> SerieQuerySet:
        """Annote `total`, `reste`, `faits`, `refuses` et `ecartes`."""
        return self.annotate(
            total=models.Count("actes"),
            **{
                nom: models.Count("actes", filter=models.Q(actes__etat=etat))
                for nom, etat in (
                    ("reste", EtatActe.PRET),
                    ("faits", EtatActe.FAIT),
                    ("refuses", EtatActe.REFUSE),
                    ("ecartes", EtatActe.ECARTE),
                )
            },
        )

    def a_rappeler(self, maintenant: datetime) -> SerieQuerySet:
        """Ce qu'une page rappelle : à confirmer, en cours, ou finie depuis peu avec des refus ; avec l'avancement."""
        actes = ActeDeSerie.objects.filter(serie=models.OuterRef("pk"))
        return self.filter(
            models.Q(confirmee_le__isnull=True)
            | models.Exists(actes.filter(etat=EtatActe.PRET))
            | models.Exists(actes.filter(etat=EtatActe.REFUSE, fini_le__gte=maintenant - RAPPELEE_PENDANT))
        ).avec_avancement()

    def en_travail(self) -> SerieQuerySet:
        """Confirmées, dont il reste des actes à faire."""
        return self.filter(confirmee_le__isnull=False, actes__etat=EtatActe.PRET).distinct()

    def terminees(self) -> SerieQuerySet:
        """Confirmées, sans rien qui reste à faire."""
        reste = ActeDeSerie.objects.filter(serie=models.OuterRef("pk"), etat=EtatActe.PRET)
        return self.filter(~models.Exists(reste), confirmee_le__isnull=False)


class Serie(models.Model):
    """Un acte en nombre : préparée, elle n'a rien fait ; confirmée, l'ouvrier la mène à bien."""

    organisme = models.ForeignKey(Organisme, on_delete=models.PROTECT, related_name="series")
    genre = models.CharField("acte", max_length=16, choices=GenreSerie.choices)
    cadre = models.CharField("département ou campagne", max_length=40)
    cree_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, related_name="+")
    cree_le = models.DateTimeField("préparée le", auto_now_add=True)
    confirmee_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, related_name="+")
    confirmee_le = models.DateTimeField("confirmée le", null=True)
    remarques = models.JSONField("remarques à lire avant de confirmer", default=list)

    objects = SerieQuerySet.as_manager()

    class Meta:
        verbose_name = "série d'actes"
        verbose_name_plural = "séries d'actes"
        ordering: ClassVar = ["-cree_le", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(genre__in=GenreSerie.values), name="serie_genre_connu"),
            models.CheckConstraint(
                condition=models.Q(confirmee_le__isnull=True, confirmee_par__isnull=True)
                | models.Q(confirmee_le__isnull=False, confirmee_par__isnull=False),
                name="serie_confirmee_par_quelqu_un",
                violation_error_message="Une série confirmée l'est par quelqu'un, à une date.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_genre_display()}, {self.cadre}"


class ActeDeSerie(models.Model):
    """Une ligne d'une série : sur quoi porte l'acte, avec quoi, et ce qu'il en est advenu."""

    serie = models.ForeignKey(Serie, on_delete=models.CASCADE, related_name="actes")
    rang = models.PositiveIntegerField("rang")
    cle = models.PositiveBigIntegerField("clé de la ligne visée")
    libelle = models.CharField("sur quoi", max_length=300)
    parametres = models.JSONField("saisies", default=dict, encoder=DjangoJSONEncoder)
    piece = models.ForeignKey(Piece, on_delete=models.PROTECT, null=True, related_name="+")
    nom_de_la_piece = models.CharField("fichier déposé", max_length=200, blank=True)
    etat = models.CharField("état", max_length=8, choices=EtatActe.choices, default=EtatActe.PRET)
    message = models.TextField("ce qui a été fait, ou pourquoi pas", blank=True)
    regle = models.CharField("règle qui refuse", max_length=8, blank=True)
    tentatives = models.PositiveSmallIntegerField("essais commencés", default=0)
    fini_le = models.DateTimeField("fini le", null=True)

    class Meta:
        verbose_name = "acte d'une série"
        verbose_name_plural = "actes d'une série"
        ordering: ClassVar = ["rang"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["serie", "cle"], name="acte_unique_dans_sa_serie"),
            models.UniqueConstraint(fields=["serie", "rang"], name="acte_a_son_rang"),
            models.CheckConstraint(condition=models.Q(etat__in=EtatActe.values), name="acte_etat_connu"),
        ]

    def __str__(self) -> str:
        return self.libelle
