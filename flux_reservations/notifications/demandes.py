"""Demander et répondre, avec une trace : contester une ligne de décompte ou une carence (RG-74), demander une précision (§ 6)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from flux_reservations.acces.services_de_l_etat import champ_service
from flux_reservations.commun.acteur import Acteur, Role


class GenreDemande(models.TextChoices):
    """Ce qu'on demande."""

    DECOMPTE = "decompte", "Contestation d'un décompte"
    CARENCE = "carence", "Contestation d'une carence"
    PRECISION = "precision", "Demande de précision"


class SuiteDemande(models.TextChoices):
    """Ce que la réponse décide."""

    REPONDUE = "repondue", "Répondue"
    MAINTENUE = "maintenue", "Maintenue"
    CORRIGEE = "corrigee", "Corrigée"


class DemandeQuerySet(models.QuerySet["Demande"]):
    """Lecture des demandes."""

    def visibles_par(self, acteur: Acteur) -> DemandeQuerySet:
        """Qui demande et qui répond."""
        if acteur.est_systeme:
            return self
        if acteur.organisme_id is None:
            return self.none()
        faites = models.Q(emetteur_id=acteur.organisme_id)
        if acteur.service:
            faites &= models.Q(service=acteur.service.value)
        return self.filter(faites | models.Q(destinataire_id=acteur.organisme_id))

    def modifiables_par(self, acteur: Acteur) -> DemandeQuerySet:
        """Qui doit répondre, pour un gestionnaire ou un responsable."""
        if acteur.est_systeme:
            return self
        if acteur.organisme_id is None or not acteur.peut(Role.GESTIONNAIRE):
            return self.none()
        return self.filter(destinataire_id=acteur.organisme_id)

    def en_attente(self) -> DemandeQuerySet:
        """Celles qui attendent une réponse."""
        return self.filter(suite="")


class Demande(models.Model):
    """Une demande d'un organisme à un bailleur, et sa réponse ; `sujet` est le libellé de ce sur quoi elle porte, tel qu'alors.

    `service` : celui de l'État dont c'est le sous-contingent ; l'autre service ne la lit pas.
    """

    genre = models.CharField("genre", max_length=10, choices=GenreDemande.choices)
    emetteur = models.ForeignKey("acces.Organisme", on_delete=models.PROTECT, related_name="demandes_faites")
    destinataire = models.ForeignKey("acces.Organisme", on_delete=models.PROTECT, related_name="demandes_recues")
    objet_type = models.CharField("type de l'objet", max_length=80)
    objet_cle = models.CharField("clé de l'objet", max_length=80)
    service = champ_service()
    sujet = models.CharField("sujet", max_length=200)
    texte = models.TextField("demande")
    faite_le = models.DateTimeField("faite le", auto_now_add=True)
    faite_par = models.ForeignKey("acces.Utilisateur", on_delete=models.PROTECT, null=True, related_name="+")
    suite = models.CharField("suite", max_length=10, choices=SuiteDemande.choices, blank=True)
    reponse = models.TextField("réponse", blank=True)
    repondue_le = models.DateTimeField("répondue le", null=True, blank=True)
    repondue_par = models.ForeignKey("acces.Utilisateur", on_delete=models.PROTECT, null=True, related_name="+")

    objects = DemandeQuerySet.as_manager()

    class Meta:
        app_label = "notifications"
        verbose_name = "demande"
        ordering: ClassVar = ["-faite_le", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(genre__in=GenreDemande.values), name="demande_genre_connu"),
            models.CheckConstraint(
                condition=models.Q(suite__in=["", *SuiteDemande.values]), name="demande_suite_connue"
            ),
            models.CheckConstraint(
                condition=models.Q(suite="", repondue_le__isnull=True)
                | (~models.Q(suite="") & ~models.Q(reponse="") & models.Q(repondue_le__isnull=False)),
                name="demande_repondue_motivee",
                violation_error_message="Une réponse a un texte et une date.",
            ),
            models.UniqueConstraint(
                fields=["emetteur", "genre", "objet_type", "objet_cle"],
                condition=models.Q(suite=""),
                name="demande_unique_en_attente",
                violation_error_message="Vous avez déjà une demande en attente sur ce point.",
            ),
        ]

    def __str__(self) -> str:
        return f"demande {self.pk}"
