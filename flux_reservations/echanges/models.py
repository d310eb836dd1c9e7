"""Les imports déposés à l'écran : leurs fichiers, leur essai, ce qu'ils ont changé (formats.md § 1)."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from flux_reservations.acces.models import Jeton, Organisme, Utilisateur
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.arrondis import accorder
from flux_reservations.echanges.export_complet.modeles import ExportComplet, MorceauExport
from flux_reservations.echanges.registre.modeles import DemandeOrganisme
from flux_reservations.echanges.webhooks.modeles import Abonnement, Appel, LectureDuJournal
from flux_reservations.pieces.models import Piece


class EtatImport(models.TextChoices):
    """Où en est un import déposé."""

    DEPOSE = "depose", "En attente d'essai"
    EN_ESSAI = "en_essai", "Essai en cours"
    ESSAYE = "essaye", "Prêt à appliquer"
    REFUSE = "refuse", "Refusé"
    A_APPLIQUER = "a_appliquer", "En attente d'écriture"
    EN_COURS = "en_cours", "Écriture en cours"
    APPLIQUE = "applique", "Appliqué"
    A_DEFAIRE = "a_defaire", "En attente de retour"
    DEFAIT = "defait", "Défait"
    ANNULE = "annule", "Abandonné"


class ActeDImport(models.TextChoices):
    """Ce qu'une personne, ou un logiciel, a demandé d'un import en dernier ; les valeurs sont celles du journal."""

    APPLIQUER = "appliquer_import", "Écriture demandée"
    DEFAIRE = "defaire_import", "Retour en arrière demandé"
    COLONNES = "choisir_les_colonnes", "Colonnes choisies, nouvel essai demandé"
    ABANDONNER = "abandonner_import", "Abandonné"


EN_TRAVAIL = (
    EtatImport.DEPOSE,
    EtatImport.EN_ESSAI,
    EtatImport.A_APPLIQUER,
    EtatImport.EN_COURS,
    EtatImport.A_DEFAIRE,
)
"""États où un processus travaille, ou va travailler."""
EN_ATTENTE = (
    EtatImport.DEPOSE,
    EtatImport.EN_ESSAI,
    EtatImport.ESSAYE,
    EtatImport.REFUSE,
    EtatImport.A_APPLIQUER,
    EtatImport.EN_COURS,
)
"""États d'un import qui n'a rien écrit, et dont les fichiers sont gardés."""
DEPOSANTS = frozenset({Nature.BAILLEUR, Nature.PLATEFORME})
"""Qui dépose un import à l'écran : un bailleur ses données, l'administration de la plateforme le registre commun."""


class ImportQuerySet(models.QuerySet["ImportDepose"]):
    """Lecture des imports."""

    def visibles_par(self, acteur: Acteur) -> ImportQuerySet:
        """Ceux de son bailleur ; ceux du registre commun, pour l'administration de la plateforme."""
        if acteur.est_systeme:
            return self
        if acteur.nature in DEPOSANTS:
            return self.filter(organisme_id=acteur.organisme)
        return self.none()

    def modifiables_par(self, acteur: Acteur) -> ImportQuerySet:
        """Ceux qu'il voit, pour un gestionnaire ou un responsable."""
        if not acteur.peut(Role.GESTIONNAIRE):
            return self.none()
        return self.visibles_par(acteur)


class ImportDepose(models.Model):
    """Des fichiers déposés par une personne, ou par un logiciel : d'abord essayés, puis appliqués d'un bloc, ou abandonnés.

    Ils sont à un bailleur, ou à l'administration de la plateforme, qui n'importe que le registre commun.
    """

    organisme = models.ForeignKey(Organisme, on_delete=models.PROTECT, related_name="imports")
    depose_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, related_name="+")
    jeton = models.ForeignKey(Jeton, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    depose_le = models.DateTimeField("déposé le", auto_now_add=True)
    demande_par = models.ForeignKey(
        Utilisateur,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="dernier acte demandé par",
    )
    demande_par_jeton = models.ForeignKey(
        Jeton,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="dernier acte demandé par le jeton",
    )
    acte_demande = models.CharField("dernier acte demandé", max_length=20, choices=ActeDImport.choices, blank=True)
    demande_le = models.DateTimeField("dernier acte demandé le", null=True, blank=True)
    effet = models.DateField("effet de ce qui change dans le patrimoine", null=True, blank=True)
    etat = models.CharField("état", max_length=12, choices=EtatImport.choices, default=EtatImport.DEPOSE)
    pieces = models.ManyToManyField(Piece, related_name="imports", verbose_name="fichiers")
    options = models.JSONField("choix de la personne", default=dict)
    lignes_lues = models.PositiveIntegerField("lignes lues", default=0)
    lignes_en_tout = models.PositiveIntegerField("lignes des fichiers", default=0)
    rapport = models.JSONField("rapport", default=dict, encoder=DjangoJSONEncoder)
    tentatives = models.PositiveSmallIntegerField("traitements commencés", default=0)
    applique_le = models.DateTimeField("appliqué le", null=True, blank=True)
    change_le = models.DateTimeField("dernier changement d'état", auto_now=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = "import"
        ordering: ClassVar = ["-depose_le", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(etat__in=EtatImport.values), name="import_etat_connu"),
            models.CheckConstraint(
                condition=models.Q(acte_demande="", demande_le__isnull=True)
                | models.Q(acte_demande__in=ActeDImport.values, demande_le__isnull=False),
                name="import_acte_date",
                violation_error_message="Un acte demandé est daté.",
            ),
        ]

    def __str__(self) -> str:
        return f"import du {timezone.localtime(self.depose_le):%d/%m/%Y %H:%M}"

    @property
    def deposant(self) -> str:
        """Qui a déposé : une personne, ou le jeton d'un logiciel."""
        return _nommer(self.depose_par, self.jeton)

    @property
    def demandeur(self) -> str:
        """Qui a demandé le dernier acte ; vide si personne n'en a demandé, ou si la personne est partie."""
        return _nommer(self.demande_par, self.demande_par_jeton)

    @property
    def siren(self) -> str:
        """SIREN du bailleur pour qui l'on importe ; vide pour le registre commun."""
        return self.organisme.siren if self.organisme.nature == Nature.BAILLEUR else ""


def _nommer(personne: Utilisateur | None, jeton: Jeton | None) -> str:
    if jeton is not None:
        return f"jeton {jeton.usage}"
    return personne.nom_complet if personne else ""


class CorrespondanceQuerySet(models.QuerySet["Correspondance"]):
    """Lecture des correspondances retenues."""

    def visibles_par(self, acteur: Acteur) -> CorrespondanceQuerySet:
        """Celles de son organisme."""
        if acteur.est_systeme:
            return self
        if acteur.nature in DEPOSANTS:
            return self.filter(organisme_id=acteur.organisme)
        return self.none()


class Correspondance(models.Model):
    """Pour un organisme et un tableau : cet en-tête désigne cette colonne (« - » : il n'est pas lu)."""

    organisme = models.ForeignKey(Organisme, on_delete=models.CASCADE, related_name="correspondances")
    tableau = models.CharField("tableau", max_length=30)
    entete = models.CharField("en-tête", max_length=200)
    colonne = models.CharField("colonne", max_length=60)

    objects = CorrespondanceQuerySet.as_manager()

    class Meta:
        verbose_name = "correspondance de colonne"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisme", "tableau", "entete"], name="correspondance_unique")
        ]

    def __str__(self) -> str:
        return f"{self.tableau} : {self.entete} → {self.colonne}"


class TraceQuerySet(models.QuerySet["Trace"]):
    """Lecture des traces."""

    def visibles_par(self, acteur: Acteur) -> TraceQuerySet:
        """Le système seul : elles servent au retour en arrière."""
        return self if acteur.est_systeme else self.none()


class Trace(models.Model):
    """Un paquet de lignes qu'une instruction d'un import a touchées : de quoi revenir en arrière (posé par la base, `retour.py`).

    Les trois listes vont ensemble. Une ligne créée n'a pas d'état d'avant, une ligne supprimée n'a pas d'empreinte.
    """

    import_depose = models.ForeignKey(ImportDepose, on_delete=models.CASCADE, related_name="traces")
    table = models.CharField("table", max_length=63)
    lignes = ArrayField(models.BigIntegerField(), verbose_name="clés des lignes")
    etats = ArrayField(models.JSONField(null=True), verbose_name="ce qu'elles étaient")
    empreintes = ArrayField(models.BigIntegerField(null=True), verbose_name="empreintes de ce qu'elles sont devenues")

    objects = TraceQuerySet.as_manager()

    class Meta:
        verbose_name = "trace d'un import"

    def __str__(self) -> str:
        return f"{self.table} ({accorder(len(self.lignes), 'ligne')})"


__all__ = [
    "EN_ATTENTE",
    "EN_TRAVAIL",
    "Abonnement",
    "Appel",
    "Correspondance",
    "DemandeOrganisme",
    "EtatImport",
    "ExportComplet",
    "ImportDepose",
    "LectureDuJournal",
    "MorceauExport",
    "Trace",
]
