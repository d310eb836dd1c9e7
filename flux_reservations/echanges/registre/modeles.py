"""Un organisme que demande un bailleur : il manque au registre commun, et seule l'administration de la plateforme l'y ajoute."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from conventions.domaine.codes import TypeReservataire
from flux_reservations.acces.models import Organisme, Utilisateur
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.territoires.models import Territoire


class SuiteDemandeOrganisme(models.TextChoices):
    """Où en est une demande."""

    ATTENTE = "attente", "En attente"
    CREE = "cree", "Organisme créé"
    EXISTE = "existe", "Déjà au registre"
    REFUSEE = "refusee", "Refusée"


class DemandeOrganismeQuerySet(models.QuerySet["DemandeOrganisme"]):
    """Lecture des demandes d'organismes."""

    def visibles_par(self, acteur: Acteur) -> DemandeOrganismeQuerySet:
        """Le bailleur voit les siennes ; l'administration de la plateforme, toutes."""
        if acteur.est_systeme or acteur.nature is Nature.PLATEFORME:
            return self
        return self.filter(demandeur_id=acteur.organisme) if acteur.est_bailleur else self.none()

    def modifiables_par(self, acteur: Acteur) -> DemandeOrganismeQuerySet:
        """L'administration y répond."""
        if acteur.est_systeme or (acteur.nature is Nature.PLATEFORME and acteur.peut(Role.ADMINISTRATEUR)):
            return self
        return self.none()

    def en_attente(self) -> DemandeOrganismeQuerySet:
        """Celles qui n'ont pas de réponse, la plus ancienne d'abord."""
        return self.filter(suite=SuiteDemandeOrganisme.ATTENTE).order_by("demandee_le", "pk")


class DemandeOrganisme(models.Model):
    """Un réservataire à ajouter au registre, tel que le décrit le bailleur qui en a besoin, et la suite donnée."""

    demandeur = models.ForeignKey(Organisme, on_delete=models.CASCADE, related_name="organismes_demandes")
    demandee_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, related_name="+")
    demandee_le = models.DateTimeField("demandée le", auto_now_add=True)
    nom = models.CharField("nom", max_length=200)
    type = models.CharField("type", max_length=20, choices=TypeReservataire.choix())
    siren = models.CharField("SIREN", max_length=9, blank=True)
    territoire = models.ForeignKey(
        Territoire, verbose_name="territoire", on_delete=models.PROTECT, null=True, related_name="+"
    )
    courriel = models.EmailField("courriel", blank=True)
    precision = models.CharField("précision", max_length=500, blank=True)
    suite = models.CharField(
        "suite", max_length=8, choices=SuiteDemandeOrganisme.choices, default=SuiteDemandeOrganisme.ATTENTE
    )
    reponse = models.CharField("réponse", max_length=500, blank=True)
    repondue_le = models.DateTimeField("répondue le", null=True, blank=True)
    organisme = models.ForeignKey(
        Organisme, verbose_name="organisme du registre", on_delete=models.SET_NULL, null=True, related_name="+"
    )

    objects = DemandeOrganismeQuerySet.as_manager()

    class Meta:
        verbose_name = "demande d'organisme"
        verbose_name_plural = "demandes d'organismes"
        ordering: ClassVar = ["-demandee_le", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(type__in=list(TypeReservataire)), name="demande_organisme_type_connu"
            ),
            models.CheckConstraint(
                condition=models.Q(suite__in=SuiteDemandeOrganisme.values), name="demande_organisme_suite_connue"
            ),
            models.CheckConstraint(
                condition=models.Q(siren="") | models.Q(siren__regex=r"^\d{9}$"),
                name="demande_organisme_siren_neuf_chiffres",
                violation_error_message="Un SIREN a neuf chiffres.",
            ),
            models.CheckConstraint(
                condition=models.Q(suite="attente", repondue_le__isnull=True)
                | (~models.Q(suite="attente") & models.Q(repondue_le__isnull=False)),
                name="demande_organisme_repondue_datee",
            ),
            models.CheckConstraint(
                condition=~models.Q(suite="refusee") | ~models.Q(reponse=""),
                name="demande_organisme_refus_motive",
                violation_error_message="Un refus se motive.",
            ),
            models.UniqueConstraint(
                fields=["demandeur", "nom"],
                condition=models.Q(suite="attente"),
                name="demande_organisme_unique_en_attente",
                violation_error_message="Vous avez déjà demandé cet organisme : l'administration n'a pas encore répondu.",
            ),
        ]

    def __str__(self) -> str:
        return f"demande d'organisme : {self.nom}"

    @property
    def pseudonyme(self) -> str:
        """Libellé du journal."""
        return f"demande d'organisme {self.pk}"
