"""Le registre des consultations sensibles (RG-71) : qui a lu ou exporté des données nominatives, quand, pourquoi."""

from __future__ import annotations

from typing import ClassVar

from django.apps import apps
from django.db import models
from django.utils import timezone

from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.socle import rls


class GenreConsultation(models.TextChoices):
    """Ce qui a été lu."""

    CANDIDATS = "candidats", "Candidats d'un logement"
    PERSONNE = "personne", "Données d'un demandeur"
    EXPORT = "export", "Export nominatif"
    JOURNAL = "journal", "Export du journal"


class ConsultationQuerySet(models.QuerySet["Consultation"]):
    """Lecture du registre."""

    def visibles_par(self, acteur: Acteur) -> ConsultationQuerySet:
        """Le responsable lit ce que les personnes de son organisme ont consulté."""
        if acteur.est_systeme:
            return self
        if acteur.organisme_id is not None and acteur.peut(Role.RESPONSABLE):
            return self.filter(organisme_id=acteur.organisme_id)
        return self.none()


class Consultation(models.Model):
    """Une consultation sensible, notée une fois par personne, par objet et par jour."""

    organisme = models.ForeignKey("acces.Organisme", on_delete=models.PROTECT, related_name="+")
    utilisateur = models.ForeignKey("acces.Utilisateur", on_delete=models.PROTECT, null=True, related_name="+")
    genre = models.CharField("genre", max_length=10, choices=GenreConsultation.choices)
    objet_type = models.CharField("type d'objet", max_length=80)
    objet_cle = models.CharField("clé de l'objet", max_length=80)
    jour = models.DateField("jour")
    instant = models.DateTimeField("instant", auto_now_add=True)
    motif = models.CharField("motif", max_length=300, blank=True)

    objects = ConsultationQuerySet.as_manager()

    class Meta:
        app_label = "acces"
        verbose_name = "consultation sensible"
        ordering: ClassVar = ["-instant", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisme", "utilisateur", "genre", "objet_type", "objet_cle", "jour", "motif"],
                name="consultation_une_par_jour",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(genre__in=GenreConsultation.values), name="consultation_genre_connu"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_genre_display()} {self.objet_type} {self.objet_cle}"

    @property
    def objet(self) -> str:
        """Ce qui a été lu, en clair : « orientation 12 » ; le type tel quel s'il n'existe plus."""
        try:
            nom = str(apps.get_model(self.objet_type)._meta.verbose_name)
        except (LookupError, ValueError):
            nom = self.objet_type
        return f"{nom} {self.objet_cle}".strip()


def noter_consultation(
    acteur: Acteur,
    genre: GenreConsultation,
    objet_type: str,
    objet_cle: object,
    motif: str = "",
    organisme_id: int | None = None,
) -> None:
    """Note la consultation ; la même, le même jour, ne se note qu'une fois.

    `organisme_id` : à qui sont les données, quand l'acteur n'agit pour aucun organisme (membre de la CALEOL).
    """
    organisme_id = organisme_id or acteur.organisme_id
    if organisme_id is None:
        return
    with rls.en_systeme():
        Consultation.objects.bulk_create(
            [
                Consultation(
                    organisme_id=organisme_id,
                    utilisateur_id=acteur.utilisateur_id,
                    genre=genre,
                    objet_type=objet_type,
                    objet_cle=str(objet_cle)[:80],
                    jour=timezone.localdate(),
                    motif=motif.strip()[:300],
                )
            ],
            ignore_conflicts=True,
        )


def compter_du_jour(acteur: Acteur, genre: GenreConsultation) -> int:
    """Consultations de ce genre que la personne a faites aujourd'hui pour son organisme."""
    with rls.en_systeme():
        return Consultation.objects.filter(
            utilisateur_id=acteur.utilisateur_id or 0,
            organisme_id=acteur.organisme_id or 0,
            genre=genre,
            jour=timezone.localdate(),
        ).count()
