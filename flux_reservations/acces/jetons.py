"""Jetons d'API : par organisme et par usage, avec portée, expiration et dernier emploi (formats.md § 3)."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import ClassVar

from django.db import models

from flux_reservations.commun.acteur import Acteur, Nature, Role

PREFIXE = "flux_"
GARDE_DES_CLES = dt.timedelta(days=30)
"""Une demande se rejoue avec sa clé pendant ce temps ; au-delà, la clé est neuve."""


class Portee(models.TextChoices):
    """Ce qu'un jeton permet."""

    LECTURE = "lecture", "Lecture"
    ECRITURE = "ecriture", "Lecture et écriture"


class JetonQuerySet(models.QuerySet["Jeton"]):
    """Lecture des jetons."""

    def visibles_par(self, acteur: Acteur) -> JetonQuerySet:
        """Le responsable voit ceux de son organisme."""
        if acteur.est_systeme:
            return self
        if acteur.organisme_id is not None and acteur.peut(Role.RESPONSABLE):
            return self.filter(organisme_id=acteur.organisme_id)
        return self.none()

    def valables(self, instant: dt.datetime) -> JetonQuerySet:
        """Ceux qui ne sont ni révoqués ni expirés."""
        return self.filter(revoque_le__isnull=True).filter(
            models.Q(expire_le__isnull=True) | models.Q(expire_le__gt=instant)
        )


class Jeton(models.Model):
    """Un jeton d'API : seule son empreinte est gardée ; le secret n'est montré qu'une fois, à la création."""

    organisme = models.ForeignKey("acces.Organisme", on_delete=models.PROTECT, related_name="jetons")
    usage = models.CharField("usage", max_length=120)
    portee = models.CharField("portée", max_length=8, choices=Portee.choices, default=Portee.LECTURE)
    empreinte = models.CharField("empreinte SHA-256 du secret", max_length=64, unique=True)
    debut = models.CharField("début du secret", max_length=12)
    cree_le = models.DateTimeField("créé le", auto_now_add=True)
    cree_par = models.ForeignKey("acces.Utilisateur", on_delete=models.PROTECT, null=True, related_name="+")
    expire_le = models.DateTimeField("expire le", null=True, blank=True)
    revoque_le = models.DateTimeField("révoqué le", null=True, blank=True)
    dernier_emploi = models.DateTimeField("dernier emploi", null=True, blank=True)

    objects = JetonQuerySet.as_manager()

    class Meta:
        app_label = "acces"
        verbose_name = "jeton d'API"
        ordering: ClassVar = ["-cree_le"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(portee__in=Portee.values), name="jeton_portee_connue"),
            models.CheckConstraint(
                condition=~models.Q(usage=""),
                name="jeton_usage_dit",
                violation_error_message="Dites à quoi sert ce jeton.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.usage} ({self.debut}…)"

    def acteur(self) -> Acteur:
        """L'acteur d'une requête faite avec ce jeton : gestionnaire s'il écrit, lecteur sinon."""
        return Acteur(
            nature=Nature(self.organisme.nature),
            role=Role.GESTIONNAIRE if self.portee == Portee.ECRITURE else Role.LECTEUR,
            organisme_id=self.organisme_id,
            nom=f"jeton {self.usage}",
            territoire=self.organisme.territoire_id or "",
            jeton_id=self.pk,
        )


class CleIdempotence(models.Model):
    """La réponse gardée d'une écriture faite avec `Idempotency-Key` : la rejouer rend la même réponse, sans rien refaire."""

    organisme = models.ForeignKey("acces.Organisme", on_delete=models.CASCADE, related_name="+")
    cle = models.CharField("clé", max_length=200)
    empreinte_requete = models.CharField("empreinte de la requête", max_length=64)
    statut = models.PositiveSmallIntegerField("statut", null=True)
    reponse = models.JSONField("réponse", null=True)
    creee_le = models.DateTimeField("créée le", auto_now_add=True, db_index=True)

    class Meta:
        app_label = "acces"
        verbose_name = "clé d'idempotence"
        constraints: ClassVar = [models.UniqueConstraint(fields=["organisme", "cle"], name="cle_idempotence_unique")]

    def __str__(self) -> str:
        return self.cle


def purger_les_cles(instant: dt.datetime) -> int:
    """Oublie les réponses gardées depuis plus de `GARDE_DES_CLES` ; rend leur nombre (tâche de nuit)."""
    return CleIdempotence.objects.filter(creee_le__lt=instant - GARDE_DES_CLES).delete()[0]


def tirer_secret() -> tuple[str, str]:
    """Un nouveau secret et son empreinte."""
    secret = PREFIXE + secrets.token_urlsafe(32)
    return secret, empreinte_de(secret)


def empreinte_de(secret: str) -> str:
    """Empreinte d'un secret ; le secret est aléatoire (256 bits) : un hachage simple suffit."""
    return hashlib.sha256(secret.encode()).hexdigest()
