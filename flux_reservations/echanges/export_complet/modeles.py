"""Une demande d'export complet, et l'archive en morceaux : la base la garde, comme les pièces."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Final

from django.db import models
from django.utils import timezone

from conventions.models import Bailleur
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.socle.champs import ChampOctetsChiffres

GARDE: Final = timedelta(days=7)
"""Une archive est nominative : elle s'efface passé ce temps (RG-70)."""


class EtatExport(models.TextChoices):
    """Où en est un export."""

    DEMANDE = "demande", "En attente"
    EN_COURS = "en_cours", "En cours"
    PRET = "pret", "Prêt"
    ECHOUE = "echoue", "Échoué"
    EFFACE = "efface", "Effacé"


A_FAIRE: Final = (EtatExport.DEMANDE, EtatExport.EN_COURS)
"""États où un travailleur travaille, ou va travailler."""


class ExportQuerySet(models.QuerySet["ExportComplet"]):
    """Lecture des exports."""

    def visibles_par(self, acteur: Acteur) -> ExportQuerySet:
        """Ceux de son bailleur, pour un responsable."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur and acteur.peut(Role.RESPONSABLE):
            return self.filter(bailleur_id=acteur.organisme)
        return self.none()

    def telechargeables(self, instant: datetime) -> ExportQuerySet:
        """Les archives prêtes, encore gardées."""
        return self.filter(etat=EtatExport.PRET, pret_le__gt=instant - GARDE)


class ExportComplet(models.Model):
    """Une archive de tout ce qui est à un bailleur : un seul export se fait à la fois."""

    bailleur = models.ForeignKey(Bailleur, on_delete=models.PROTECT, related_name="exports")
    demande_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, related_name="+")
    motif = models.CharField("motif", max_length=300)
    demande_le = models.DateTimeField("demandé le", auto_now_add=True)
    etat = models.CharField("état", max_length=10, choices=EtatExport.choices, default=EtatExport.DEMANDE)
    tentatives = models.PositiveSmallIntegerField("fabrications commencées", default=0)
    tableaux_faits = models.PositiveSmallIntegerField("tableaux faits", default=0)
    tableaux = models.PositiveSmallIntegerField("tableaux en tout", default=0)
    pret_le = models.DateTimeField("prêt le", null=True, blank=True)
    taille = models.PositiveBigIntegerField("taille (octets)", default=0)
    empreinte = models.CharField("empreinte SHA-256", max_length=64, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        app_label = "echanges"
        verbose_name = "export complet"
        ordering: ClassVar = ["-demande_le", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(etat__in=EtatExport.values), name="export_etat_connu"),
            models.CheckConstraint(condition=~models.Q(motif=""), name="export_motive"),
            models.UniqueConstraint(
                fields=["bailleur"],
                condition=models.Q(etat__in=["demande", "en_cours"]),
                name="export_un_a_la_fois",
                violation_error_message="Un export est déjà en cours.",
            ),
        ]

    def __str__(self) -> str:
        return f"export du {timezone.localtime(self.demande_le):%d/%m/%Y %H:%M}"

    @property
    def nom_du_fichier(self) -> str:
        """Le nom de l'archive."""
        return f"export-{self.bailleur.siren}-{timezone.localtime(self.demande_le):%Y-%m-%d}.zip"

    @property
    def efface_le(self) -> datetime | None:
        """Quand l'archive s'efface ; vide si elle n'est pas prête."""
        return self.pret_le + GARDE if self.pret_le else None


class MorceauExport(models.Model):
    """Un morceau de l'archive, chiffré (elle porte des numéros de demande) : elle s'écrit et se lit sans tenir en mémoire."""

    export = models.ForeignKey(ExportComplet, on_delete=models.CASCADE, related_name="morceaux")
    rang = models.PositiveIntegerField("rang")
    octets = ChampOctetsChiffres("octets chiffrés")

    class Meta:
        app_label = "echanges"
        verbose_name = "morceau d'export"
        constraints: ClassVar = [models.UniqueConstraint(fields=["export", "rang"], name="morceau_unique")]

    def __str__(self) -> str:
        return f"{self.export_id} : {self.rang}"
