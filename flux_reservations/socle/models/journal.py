"""Le journal inaltérable des changements d'état, chaîné par organisme (RG-71)."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from flux_reservations.commun.acteur import Acteur


class EntreeJournalQuerySet(models.QuerySet["EntreeJournal"]):
    """Lecture du journal."""

    def visibles_par(self, acteur: Acteur) -> EntreeJournalQuerySet:
        """Chaque organisme lit son journal ; le système lit tout."""
        if acteur.est_systeme:
            return self
        if acteur.organisme_id is not None:
            return self.filter(organisme_id=acteur.organisme_id)
        return self.none()


class EntreeJournal(models.Model):
    """Qui a changé quoi, avant et après, sur des identifiants ; la base n'en permet que l'ajout (RG-71).

    `organisme_id` est l'organisme dont le dossier change : c'est lui qui porte la chaîne d'empreintes.
    """

    rang = models.BigIntegerField("rang dans la chaîne")
    organisme_id = models.BigIntegerField("organisme", null=True)
    instant = models.DateTimeField("instant")
    acteur = models.CharField("acteur", max_length=200)
    utilisateur_id = models.BigIntegerField("utilisateur", null=True)
    acteur_organisme_id = models.BigIntegerField("organisme de l'acteur", null=True)
    action = models.CharField("action", max_length=80)
    objet_type = models.CharField("type d'objet", max_length=80)
    objet_cle = models.CharField("clé de l'objet", max_length=80)
    libelle = models.CharField("libellé", max_length=200)
    avant = models.JSONField("avant", default=dict, encoder=DjangoJSONEncoder)
    apres = models.JSONField("après", default=dict, encoder=DjangoJSONEncoder)
    motif = models.TextField("motif", blank=True)
    empreinte_precedente = models.CharField("empreinte précédente", max_length=64, blank=True)
    empreinte = models.CharField("empreinte", max_length=64)

    objects = EntreeJournalQuerySet.as_manager()

    class Meta:
        db_table = "socle_entree_journal"
        verbose_name = "entrée du journal"
        verbose_name_plural = "entrées du journal"
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                models.F("organisme_id"), models.F("rang"), name="journal_rang_unique", nulls_distinct=False
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["objet_type", "objet_cle"], name="journal_objet")]

    def __str__(self) -> str:
        return f"{self.instant:%Y-%m-%d %H:%M} {self.action} {self.libelle}"
