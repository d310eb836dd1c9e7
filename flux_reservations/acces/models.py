"""Organismes, utilisateurs et rattachements : qui agit, au nom de qui, avec quel rôle (domaine.md § 6)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from flux_reservations.acces.roles import ROLES
from flux_reservations.acces.services_de_l_etat import champ_service, service_borne
from flux_reservations.commun.acteur import Acteur, Nature, Role, Service
from flux_reservations.territoires.models import Territoire


class OrganismeQuerySet(models.QuerySet["Organisme"]):
    """Lecture des organismes."""

    def visibles_par(self, acteur: Acteur) -> OrganismeQuerySet:
        """Le registre des organismes est commun : toute personne connectée le lit."""
        if acteur.nature is Nature.ANONYME:
            return self.none()
        return self

    def modifiables_par(self, acteur: Acteur) -> OrganismeQuerySet:
        """Son propre organisme (responsable), ou tous (plateforme, système)."""
        if acteur.est_systeme or acteur.nature is Nature.PLATEFORME:
            return self
        if acteur.organisme_id is not None and acteur.peut(Role.RESPONSABLE):
            return self.filter(pk=acteur.organisme_id)
        return self.none()


class Organisme(models.Model):
    """Une personne morale connue de la plateforme ; bailleurs et réservataires en sont (héritage multi-table)."""

    nature = models.CharField(
        "nature",
        max_length=16,
        choices=[
            (Nature.BAILLEUR.value, "Bailleur"),
            (Nature.RESERVATAIRE.value, "Réservataire"),
            (Nature.ETAT.value, "État"),
            (Nature.COLLECTIVITE.value, "Collectivité"),
            (Nature.PLATEFORME.value, "Administration de la plateforme"),
        ],
    )
    nom = models.CharField("nom", max_length=200)
    siren = models.CharField("SIREN", max_length=9, blank=True)
    courriel = models.EmailField("courriel", blank=True)
    territoire = models.ForeignKey(
        Territoire,
        verbose_name="territoire de compétence",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = OrganismeQuerySet.as_manager()

    class Meta:
        verbose_name = "organisme"
        ordering: ClassVar = ["nom"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(nature__in=["bailleur", "reservataire", "etat", "collectivite", "plateforme"]),
                name="organisme_nature_connue",
            ),
            models.CheckConstraint(
                condition=models.Q(siren="") | models.Q(siren__regex=r"^\d{9}$"),
                name="organisme_siren_neuf_chiffres",
                violation_error_message="Un SIREN a neuf chiffres.",
            ),
            models.UniqueConstraint(
                fields=["siren"],
                condition=models.Q(nature="bailleur") & ~models.Q(siren=""),
                name="organisme_siren_de_bailleur_unique",
                violation_error_message="Un autre bailleur a déjà ce SIREN.",
            ),
            models.CheckConstraint(
                condition=~models.Q(nom=""), name="organisme_nomme", violation_error_message="Un organisme a un nom."
            ),
        ]

    def __str__(self) -> str:
        return self.nom


class UtilisateurManager(BaseUserManager["Utilisateur"]):
    """Création d'utilisateurs : le courriel est l'identifiant, en minuscules."""

    def create_user(self, courriel: str, password: str | None = None, **champs: Any) -> Utilisateur:
        """Crée une personne ; sans mot de passe, elle ne peut se connecter qu'après une invitation."""
        utilisateur = self.model(courriel=courriel.strip().lower(), **champs)
        utilisateur.set_password(password)
        utilisateur.save(using=self._db)
        return utilisateur

    def get_by_natural_key(self, username: str | None) -> Utilisateur:
        """Personne de ce courriel, quelle que soit la casse saisie."""
        return self.get(courriel=(username or "").strip().lower())


class Utilisateur(AbstractBaseUser):
    """Une personne, identifiée par son courriel ; ses droits viennent de ses rattachements."""

    courriel = models.EmailField("courriel", unique=True)
    prenom = models.CharField("prénom", max_length=100, blank=True)
    nom = models.CharField("nom", max_length=100, blank=True)
    is_active = models.BooleanField("actif", default=True)
    cree_le = models.DateTimeField("créé le", auto_now_add=True)

    objects: ClassVar[UtilisateurManager] = UtilisateurManager()

    USERNAME_FIELD = "courriel"
    EMAIL_FIELD = "courriel"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "utilisateur"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(courriel=Lower("courriel")), name="utilisateur_courriel_minuscule"
            ),
        ]

    def __str__(self) -> str:
        return self.nom_complet

    @property
    def nom_complet(self) -> str:
        """Prénom et nom, à défaut le courriel."""
        return f"{self.prenom} {self.nom}".strip() or self.courriel


class RattachementQuerySet(models.QuerySet["Rattachement"]):
    """Lecture des rattachements."""

    def actifs(self) -> RattachementQuerySet:
        """Ceux d'une personne active qui n'ont pas été clos."""
        return self.filter(utilisateur__is_active=True, clos_le__isnull=True)

    def visibles_par(self, acteur: Acteur) -> RattachementQuerySet:
        """Ceux de son organisme ; tous pour la plateforme et le système."""
        if acteur.est_systeme or acteur.nature is Nature.PLATEFORME:
            return self
        if acteur.organisme_id is not None:
            return self.filter(organisme_id=acteur.organisme_id)
        return self.none()

    def modifiables_par(self, acteur: Acteur) -> RattachementQuerySet:
        """Le responsable gère les personnes de son organisme."""
        if not acteur.peut(Role.RESPONSABLE):
            return self.none()
        return self.visibles_par(acteur)


class Rattachement(models.Model):
    """Le rôle d'une personne dans un organisme ; une personne peut en avoir plusieurs."""

    utilisateur = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, related_name="rattachements")
    organisme = models.ForeignKey(Organisme, on_delete=models.PROTECT, related_name="rattachements")
    role = models.CharField(
        "rôle",
        max_length=16,
        choices=ROLES,
    )
    service = champ_service()
    recapitulatif = models.BooleanField("reçoit le récapitulatif hebdomadaire", default=True)
    ouvert_le = models.DateTimeField("ouvert le", auto_now_add=True)
    clos_le = models.DateTimeField("clos le", null=True, blank=True)

    objects = RattachementQuerySet.as_manager()

    class Meta:
        verbose_name = "rattachement"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["utilisateur", "organisme"],
                condition=models.Q(clos_le__isnull=True),
                name="rattachement_unique_ouvert",
                violation_error_message="Cette personne a déjà un rôle dans cet organisme.",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["membre", "lecteur", "gestionnaire", "responsable", "administrateur"]),
                name="rattachement_role_connu",
            ),
            service_borne("rattachement_service_borne"),
        ]

    def __str__(self) -> str:
        return f"{self.utilisateur} — {self.organisme} ({self.get_role_display()})"

    @property
    def pseudonyme(self) -> str:
        """Libellé sans donnée personnelle, pour le journal (RG-71)."""
        return f"rattachement {self.pk}, personne {self.utilisateur_id}"

    def acteur(self) -> Acteur:
        """L'acteur que devient cette personne quand elle agit pour cet organisme ; un membre de la CALEOL n'agit pour aucun."""
        if self.role == Role.MEMBRE:
            return Acteur(
                nature=Nature.CALEOL,
                role=Role.LECTEUR,
                utilisateur_id=self.utilisateur_id,
                nom=self.utilisateur.nom_complet,
            )
        return Acteur(
            nature=Nature(self.organisme.nature),
            role=Role(self.role),
            organisme_id=self.organisme_id,
            utilisateur_id=self.utilisateur_id,
            nom=self.utilisateur.nom_complet,
            territoire=self.organisme.territoire_id or "",
            service=Service(self.service),
        )


from flux_reservations.acces.consultations import Consultation, GenreConsultation  # noqa: E402 : un module à lui
from flux_reservations.acces.jetons import CleIdempotence, Jeton  # noqa: E402 : les jetons ont leur module, Django les trouve ici
from flux_reservations.acces.personnes import (  # noqa: E402 : de même
    Connexion,
    GenreConnexion,
    IdentiteExterne,
    Invitation,
    SessionOuverte,
)
from flux_reservations.acces.portefeuilles import Absence, Portefeuille, Secteur  # noqa: E402 : de même

__all__ = [
    "Absence",
    "CleIdempotence",
    "Connexion",
    "Consultation",
    "GenreConnexion",
    "GenreConsultation",
    "IdentiteExterne",
    "Invitation",
    "Jeton",
    "Organisme",
    "OrganismeQuerySet",
    "Portefeuille",
    "Rattachement",
    "RattachementQuerySet",
    "Secteur",
    "SessionOuverte",
    "Utilisateur",
]
