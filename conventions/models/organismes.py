"""Bailleurs et réservataires (RG-01, RG-02) : un registre commun, hérité des organismes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from conventions.domaine.codes import COLLECTIVITES, STOCK_MAINTENU, Statut, TypeReservataire
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Acteur, Nature, Role


class BailleurQuerySet(models.QuerySet["Bailleur"]):
    """Lecture des bailleurs."""

    def visibles_par(self, acteur: Acteur) -> BailleurQuerySet:
        """Un bailleur se voit lui-même ; le registre des autres bailleurs est lisible par qui a affaire à eux."""
        if acteur.est_systeme or acteur.nature is Nature.PLATEFORME:
            return self
        if acteur.est_bailleur:
            return self.filter(pk=acteur.organisme)
        if acteur.est_reservataire:
            return self
        return self.none()

    def modifiables_par(self, acteur: Acteur) -> BailleurQuerySet:
        """Son propre bailleur, pour un gestionnaire ou un responsable."""
        if acteur.est_systeme:
            return self
        if acteur.est_bailleur and acteur.peut(Role.GESTIONNAIRE):
            return self.filter(pk=acteur.organisme)
        return self.none()


class Bailleur(Organisme):
    """Organisme responsable de l'allocation de ses logements (RG-01)."""

    statut = models.CharField("statut", max_length=8, choices=Statut.choix(), blank=True)

    objects: ClassVar = BailleurQuerySet.as_manager()  # type: ignore[assignment]  # plus précis que celui d'Organisme

    class Meta:
        verbose_name = "bailleur"
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(statut__in=["", *Statut]), name="bailleur_statut_connu"),
        ]

    def __str__(self) -> str:
        return self.nom


class ReservataireQuerySet(models.QuerySet["Reservataire"]):
    """Lecture des réservataires : le registre est commun à la plateforme."""

    def visibles_par(self, acteur: Acteur) -> ReservataireQuerySet:
        """Toute personne connectée."""
        if acteur.nature is Nature.ANONYME:
            return self.none()
        return self


class Reservataire(Organisme):
    """Titulaire du droit de proposer des candidats (RG-02)."""

    code = models.CharField("code", max_length=40, unique=True)
    type = models.CharField("type", max_length=20, choices=TypeReservataire.choix())

    objects: ClassVar = ReservataireQuerySet.as_manager()  # type: ignore[assignment]  # plus précis que celui d'Organisme

    class Meta:
        verbose_name = "réservataire"
        ordering: ClassVar = ["code"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(type__in=list(TypeReservataire)), name="reservataire_type_connu"),
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[^\s/;]+$") & ~models.Q(code="BAILLEUR"),
                name="reservataire_code_simple",
                violation_error_message="Un code de réservataire n'a ni espace, ni « / », ni « ; », et n'est pas BAILLEUR.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom

    @property
    def nom_court(self) -> str:
        """Le nom des écrans denses : « État » tout court, puisqu'il n'y en a qu'un par département."""
        return TypeReservataire.ETAT.libelle if self.est_etat else self.nom

    @property
    def est_etat(self) -> bool:
        """Vrai pour l'État (deux comptes : prioritaires et agents, RG-03)."""
        return self.type == TypeReservataire.ETAT

    @property
    def est_collectivite(self) -> bool:
        """Vrai pour une collectivité : ses droits s'exercent sur son territoire (RG-11)."""
        return self.type in COLLECTIVITES

    @property
    def garde_son_stock(self) -> bool:
        """Vrai pour la défense, la sécurité intérieure et la santé (RG-07)."""
        return self.type in STOCK_MAINTENU


def nature_du_type(type_reservataire: str) -> Nature:
    """Nature d'organisme d'un type de réservataire."""
    if type_reservataire == TypeReservataire.ETAT:
        return Nature.ETAT
    return Nature.COLLECTIVITE if type_reservataire in COLLECTIVITES else Nature.RESERVATAIRE
