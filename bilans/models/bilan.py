"""Les bilans publiés : figés, versionnés, avec leur empreinte (RG-60 à RG-63)."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Cast

from bilans.models.campagne import Campagne
from conventions.models import Bailleur
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.notifications.models import Envoi
from flux_reservations.pieces.models import Piece
from flux_reservations.territoires.models import Departement


class GenreBilan(models.TextChoices):
    """Ce que le document rend."""

    ANNUEL = "annuel", "Bilan annuel (RG-60)"
    DEBUT_ANNEE = "debut_annee", "Information de début d'année (RG-61)"
    CALEOL = "caleol", "Présentation en CALEOL (RG-62)"


class EtatBilan(models.TextChoices):
    """Où en est la production d'un bilan ; publié, il ne change plus (RG-63)."""

    BROUILLON = "brouillon", "Brouillon"
    EN_PRODUCTION = "en_production", "En production"
    PRET = "pret", "Prêt à publier"
    ECHEC = "echec", "Échec"
    PUBLIE = "publie", "Publié"


class BilanQuerySet(models.QuerySet["Bilan"]):
    """Lecture des bilans."""

    def visibles_par(self, acteur: Acteur) -> BilanQuerySet:
        """Le bailleur voit tout ; un destinataire ce qui lui a été déposé ; l'État ce qui est publié dans son département."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur:
            return self.filter(bailleur_id=acteur.organisme)
        if acteur.est_reservataire:
            recus = Envoi.objects.filter(
                destinataire_id=acteur.organisme, objet_type="bilans.bilan", depose_le__isnull=False
            ).values("objet_cle")
            adresses = models.Q(cle_texte__in=recus)
            publies = self.annotate(cle_texte=Cast("pk", models.CharField())).filter(etat=EtatBilan.PUBLIE)
            if acteur.nature is Nature.ETAT and acteur.territoire.startswith("departement:"):
                return publies.filter(adresses | models.Q(departement_id=acteur.territoire.partition(":")[2]))
            return publies.filter(adresses)
        return self.none()

    def modifiables_par(self, acteur: Acteur) -> BilanQuerySet:
        """Ceux de son bailleur, pour un gestionnaire ou un responsable."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur and acteur.peut(Role.GESTIONNAIRE):
            return self.filter(bailleur_id=acteur.organisme)
        return self.none()


class Bilan(models.Model):
    """Une version d'un document annuel ; publiée, ses données, son empreinte et ses pièces sont figées (RG-63)."""

    genre = models.CharField("genre", max_length=12, choices=GenreBilan.choices, default=GenreBilan.ANNUEL)
    bailleur = models.ForeignKey(Bailleur, on_delete=models.PROTECT, related_name="bilans")
    departement = models.ForeignKey(Departement, on_delete=models.PROTECT, related_name="+")
    annee = models.PositiveSmallIntegerField("année")
    version = models.PositiveSmallIntegerField("version", default=1)
    etat = models.CharField("état", max_length=14, choices=EtatBilan.choices, default=EtatBilan.BROUILLON)
    remplace = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="remplace_par"
    )
    ce_qui_change = models.TextField("ce qui change depuis la version précédente", blank=True)
    donnees = models.JSONField("données", default=dict, encoder=DjangoJSONEncoder)
    empreinte = models.CharField("empreinte SHA-256 des données", max_length=64, blank=True)
    progression = models.PositiveSmallIntegerField("progression (%)", default=0)
    erreur = models.TextField("erreur de production", blank=True)
    tentatives = models.PositiveSmallIntegerField("productions commencées", default=0)
    campagne = models.ForeignKey(Campagne, on_delete=models.PROTECT, null=True, blank=True, related_name="bilans")
    cree_le = models.DateTimeField("créé le", auto_now_add=True)
    publie_le = models.DateTimeField("publié le", null=True, blank=True)
    publie_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    date_seance = models.DateField("présenté en CALEOL le", null=True, blank=True)
    pdf = models.ForeignKey(Piece, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    tableur = models.ForeignKey(Piece, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = BilanQuerySet.as_manager()

    class Meta:
        verbose_name = "bilan"
        ordering: ClassVar = ["-annee", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["genre", "bailleur", "departement", "annee", "version"], name="bilan_version_unique"
            ),
            models.CheckConstraint(
                condition=~models.Q(etat="publie")
                | (models.Q(publie_le__isnull=False) & ~models.Q(empreinte="") & models.Q(pdf__isnull=False)),
                name="bilan_publie_complet",
                violation_error_message="Un bilan publié a ses données, son empreinte et son PDF (RG-63).",
            ),
            models.CheckConstraint(condition=models.Q(etat__in=EtatBilan.values), name="bilan_etat_connu"),
            models.CheckConstraint(condition=models.Q(genre__in=GenreBilan.values), name="bilan_genre_connu"),
        ]

    def __str__(self) -> str:
        return (
            f"{self.get_genre_display()} {self.annee}, {self.bailleur}, {self.departement_id}, version {self.version}"
        )

    @property
    def document(self) -> str:
        """« Bilan annuel » : le genre sans le numéro de sa règle."""
        return self.get_genre_display().partition(" (")[0]

    @property
    def titre(self) -> str:
        """« Bilan annuel 2025 »."""
        return f"{self.document} {self.annee}"
