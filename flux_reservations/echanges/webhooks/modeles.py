"""Les abonnements d'un organisme, la file de leurs appels, et jusqu'où le journal de chaque bailleur a été lu."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from flux_reservations.acces.models import Organisme, Utilisateur
from flux_reservations.commun.acteur import Acteur, Nature, Role


class Evenement(models.TextChoices):
    """Ce qui peut être annoncé."""

    ORIENTEE = "liberation.orientee", "Libération orientée"
    MISE_A_DISPOSITION = "logement.mis_a_disposition", "Logement mis à disposition"
    BAIL = "bail.signe", "Bail signé"
    BILAN = "bilan.publie", "Bilan publié"
    ESSAI = "essai", "Essai"
    VERIFICATION = "verification", "Vérification de l'adresse"


ANNONCABLES = [choix for choix in Evenement.choices if choix[0] not in {Evenement.ESSAI, Evenement.VERIFICATION}]
RELAIS = timedelta(hours=24)
"""Après un changement de secret, l'ancien signe encore ce temps, à côté du nouveau."""


class EtatAppel(models.TextChoices):
    """Où en est un appel."""

    PREVU = "prevu", "Prévu"
    EN_COURS = "en_cours", "En cours"
    LIVRE = "livre", "Livré"
    ABANDONNE = "abandonne", "Abandonné"


class AbonnementQuerySet(models.QuerySet["Abonnement"]):
    """Lecture des abonnements."""

    def visibles_par(self, acteur: Acteur) -> AbonnementQuerySet:
        """Le responsable voit ceux de son organisme."""
        if acteur.est_systeme:
            return self
        if acteur.organisme_id is not None and acteur.peut(Role.RESPONSABLE):
            return self.filter(organisme_id=acteur.organisme_id)
        return self.none()

    def actifs(self) -> AbonnementQuerySet:
        """Ceux qui sont appelés."""
        return self.filter(desactive_le__isnull=True)

    def retenus(self, depuis: datetime) -> AbonnementQuerySet:
        """Les actifs dont l'adresse est vérifiée, et ceux qui ne sont suspendus que depuis peu."""
        return self.filter(verifie_le__isnull=False).filter(
            models.Q(desactive_le__isnull=True) | models.Q(desactive_le__gte=depuis)
        )


class Abonnement(models.Model):
    """Une adresse d'un logiciel et ce qu'on lui annonce ; son secret se dérive d'un sel, la base ne le contient pas."""

    organisme = models.ForeignKey(Organisme, on_delete=models.PROTECT, related_name="abonnements")
    usage = models.CharField("usage", max_length=120)
    adresse = models.URLField("adresse", max_length=500)
    evenements = models.JSONField("événements", default=list)
    sel = models.UUIDField("sel du secret", default=uuid.uuid4)
    sel_precedent = models.UUIDField("sel du secret précédent", null=True, blank=True)
    secret_change_le = models.DateTimeField("secret changé le", null=True, blank=True)
    verifie_le = models.DateTimeField("adresse vérifiée le", null=True, blank=True)
    cree_le = models.DateTimeField("créé le", auto_now_add=True)
    cree_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, related_name="+")
    desactive_le = models.DateTimeField("désactivé le", null=True, blank=True)
    raison = models.CharField("raison de la désactivation", max_length=200, blank=True)

    objects = AbonnementQuerySet.as_manager()

    class Meta:
        app_label = "echanges"
        verbose_name = "abonnement"
        ordering: ClassVar = ["-cree_le", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(usage=""),
                name="abonnement_usage_dit",
                violation_error_message="Dites à quoi sert cet abonnement.",
            ),
            models.UniqueConstraint(
                fields=["organisme", "adresse"],
                name="abonnement_adresse_unique",
                violation_error_message="Cette adresse est déjà abonnée : changez l'abonnement existant.",
            ),
        ]

    def __str__(self) -> str:
        return self.usage

    @property
    def secret(self) -> str:
        """Le secret de signature (`whsec_…`) : à ranger dans le logiciel appelé."""
        return "whsec_" + base64.b64encode(self._cle(self.sel)).decode()

    @property
    def relais_jusqu_au(self) -> datetime | None:
        """Jusqu'à quand le secret précédent signe encore ; vide s'il ne signe plus."""
        if self.sel_precedent is None or self.secret_change_le is None:
            return None
        fin = self.secret_change_le + RELAIS
        return fin if fin > timezone.now() else None

    def _cle(self, sel: uuid.UUID) -> bytes:
        message = f"webhook {self.organisme_id} {sel}".encode()
        return hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).digest()

    def signer(self, cle: uuid.UUID, horodatage: int, corps: bytes) -> str:
        """Signatures d'un appel, à la manière de Standard Webhooks : HMAC-SHA256 de « clé.horodatage.corps ».

        Deux, séparées d'une espace, tant que le secret précédent fait relais.
        """
        message = f"{cle}.{horodatage}.".encode() + corps
        sels = [self.sel, self.sel_precedent] if self.relais_jusqu_au and self.sel_precedent else [self.sel]
        signatures = (hmac.new(self._cle(sel), message, hashlib.sha256).digest() for sel in sels)
        return " ".join("v1," + base64.b64encode(signature).decode() for signature in signatures)

    def acteur(self) -> Acteur:
        """Au nom de qui l'annonce se compose : un lecteur de l'organisme."""
        return Acteur(
            nature=Nature(self.organisme.nature),
            role=Role.LECTEUR,
            organisme_id=self.organisme_id,
            nom=f"webhook {self.usage}",
            territoire=self.organisme.territoire_id or "",
        )


class AppelQuerySet(models.QuerySet["Appel"]):
    """Lecture des appels."""

    def visibles_par(self, acteur: Acteur) -> AppelQuerySet:
        """Ceux des abonnements qu'il voit."""
        if acteur.est_systeme:
            return self
        return self.filter(abonnement__in=Abonnement.objects.visibles_par(acteur).values("pk"))

    def dus(self, instant: datetime, perdus_avant: datetime) -> AppelQuerySet:
        """Ceux dont l'heure est venue, et ceux dont le processus s'est tu ; une adresse non vérifiée ne reçoit que sa vérification."""
        return self.filter(
            models.Q(etat=EtatAppel.PREVU, prochain_essai_le__lte=instant)
            | models.Q(etat=EtatAppel.EN_COURS, pris_le__lt=perdus_avant),
            models.Q(evenement=Evenement.VERIFICATION) | models.Q(abonnement__verifie_le__isnull=False),
            abonnement__desactive_le__isnull=True,
        )


class Appel(models.Model):
    """Un appel à faire ou fait : la vérité est en base, le courtier peut tomber."""

    abonnement = models.ForeignKey(Abonnement, on_delete=models.CASCADE, related_name="appels")
    cle = models.UUIDField("clé", default=uuid.uuid4, unique=True, editable=False)
    evenement = models.CharField("événement", max_length=40, choices=Evenement.choices)
    entree = models.BigIntegerField("entrée du journal", null=True)
    corps = models.JSONField("corps", default=dict, encoder=DjangoJSONEncoder)
    etat = models.CharField("état", max_length=10, choices=EtatAppel.choices, default=EtatAppel.PREVU)
    tentatives = models.PositiveSmallIntegerField("essais", default=0)
    cree_le = models.DateTimeField("créé le", auto_now_add=True)
    pris_le = models.DateTimeField("pris par un processus le", null=True, blank=True)
    prochain_essai_le = models.DateTimeField("prochain essai le", null=True, blank=True)
    livre_le = models.DateTimeField("livré le", null=True, blank=True)
    statut = models.PositiveSmallIntegerField("dernier statut HTTP", null=True, blank=True)
    derniere_erreur = models.CharField("dernière erreur", max_length=300, blank=True)

    objects = AppelQuerySet.as_manager()

    class Meta:
        app_label = "echanges"
        verbose_name = "appel"
        ordering: ClassVar = ["-cree_le", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(etat__in=EtatAppel.values), name="appel_etat_connu"),
            models.CheckConstraint(condition=models.Q(evenement__in=Evenement.values), name="appel_evenement_connu"),
            models.UniqueConstraint(fields=["abonnement", "entree"], name="appel_unique_par_entree"),
            models.CheckConstraint(
                condition=~models.Q(etat="livre") | models.Q(livre_le__isnull=False), name="appel_livre_date"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["etat", "prochain_essai_le"], name="appel_file")]

    def __str__(self) -> str:
        return f"{self.get_evenement_display()} → {self.abonnement}"

    @property
    def rejouable(self) -> bool:
        """Vrai si l'appel est fini et peut être refait : un défi, lui, ne sert qu'une fois."""
        return self.etat in {EtatAppel.LIVRE, EtatAppel.ABANDONNE} and self.evenement != Evenement.VERIFICATION


class LectureDuJournal(models.Model):
    """Jusqu'à quel rang le journal d'un bailleur a été lu : chaque entrée donne ses appels une fois, et une seule."""

    bailleur = models.OneToOneField(Organisme, on_delete=models.CASCADE, related_name="+", primary_key=True)
    rang = models.BigIntegerField("dernier rang lu", default=0)

    class Meta:
        app_label = "echanges"
        verbose_name = "lecture du journal"

    def __str__(self) -> str:
        return f"{self.bailleur_id} : {self.rang}"
