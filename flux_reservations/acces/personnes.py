"""Ce qui entoure une personne : ses invitations, ses sessions ouvertes, ses connexions, son identité chez un fournisseur (§ 6)."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.apps import apps
from django.db import models

from flux_reservations.acces.navigateurs import nommer_navigateur
from flux_reservations.acces.roles import ROLES
from flux_reservations.acces.services_de_l_etat import champ_service, service_borne
from flux_reservations.commun.acteur import Acteur, Nature, Role


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Lecture des invitations."""

    def visibles_par(self, acteur: Acteur) -> InvitationQuerySet:
        """Le responsable voit celles de son organisme ; la plateforme, toutes."""
        if acteur.est_systeme or acteur.nature is Nature.PLATEFORME:
            return self
        if acteur.organisme_id is not None and acteur.peut(Role.RESPONSABLE):
            return self.filter(organisme_id=acteur.organisme_id)
        return self.none()

    def modifiables_par(self, acteur: Acteur) -> InvitationQuerySet:
        """Celles qu'il voit."""
        return self.visibles_par(acteur)

    def ouvertes(self, instant: dt.datetime) -> InvitationQuerySet:
        """Celles qu'on peut encore accepter."""
        return self.filter(acceptee_le__isnull=True, annulee_le__isnull=True, expire_le__gt=instant)


class Invitation(models.Model):
    """Une place offerte dans un organisme à qui détient ce courriel ; seule l'empreinte du secret du lien est gardée."""

    organisme = models.ForeignKey("acces.Organisme", on_delete=models.PROTECT, related_name="invitations")
    courriel = models.EmailField("courriel")
    role = models.CharField("rôle", max_length=16, choices=ROLES)
    service = champ_service()
    empreinte = models.CharField("empreinte SHA-256 du secret", max_length=64, unique=True)
    essais = models.PositiveSmallIntegerField("mots de passe refusés", default=0)
    invitee_par = models.ForeignKey("acces.Utilisateur", on_delete=models.PROTECT, null=True, related_name="+")
    creee_le = models.DateTimeField("créée le", auto_now_add=True)
    expire_le = models.DateTimeField("expire le")
    acceptee_le = models.DateTimeField("acceptée le", null=True, blank=True)
    annulee_le = models.DateTimeField("annulée le", null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        app_label = "acces"
        verbose_name = "invitation"
        ordering: ClassVar = ["-creee_le"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisme", "courriel"],
                condition=models.Q(acceptee_le__isnull=True, annulee_le__isnull=True),
                name="invitation_unique_ouverte",
                violation_error_message="Une invitation est déjà partie à ce courriel.",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["membre", "lecteur", "gestionnaire", "responsable", "administrateur"]),
                name="invitation_role_connu",
            ),
            service_borne("invitation_service_borne"),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class SessionOuverteQuerySet(models.QuerySet["SessionOuverte"]):
    """Lecture des sessions."""

    def visibles_par(self, acteur: Acteur) -> SessionOuverteQuerySet:
        """Chacun voit les siennes."""
        if acteur.est_systeme:
            return self
        return self.filter(utilisateur_id=acteur.utilisateur_id) if acteur.utilisateur_id else self.none()


class SessionOuverte(models.Model):
    """Une session en cours d'une personne : où et quand elle s'est ouverte ; la révoquer déconnecte."""

    utilisateur = models.ForeignKey("acces.Utilisateur", on_delete=models.CASCADE, related_name="sessions")
    cle = models.CharField("clé de session", max_length=40, unique=True)
    ouverte_le = models.DateTimeField("ouverte le", auto_now_add=True)
    adresse_ip = models.GenericIPAddressField("adresse IP", null=True)
    navigateur = models.CharField("navigateur", max_length=200, blank=True)

    objects = SessionOuverteQuerySet.as_manager()

    class Meta:
        app_label = "acces"
        verbose_name = "session ouverte"
        ordering: ClassVar = ["-ouverte_le"]

    def __str__(self) -> str:
        return f"session {self.pk}"

    @property
    def appareil(self) -> str:
        """Le navigateur en clair."""
        return nommer_navigateur(self.navigateur)


class GenreConnexion(models.TextChoices):
    """Ce qui s'est passé à la porte."""

    REUSSIE = "reussie", "Connexion"
    ECHEC = "echec", "Échec de connexion"
    VERROUILLEE = "verrouillee", "Connexion suspendue (trop d'essais)"
    SECOND_FACTEUR = "second_facteur", "Second facteur vérifié"
    SECOND_FACTEUR_ECHEC = "second_facteur_echec", "Second facteur refusé"
    DECONNEXION = "deconnexion", "Déconnexion"
    REVOCATION = "revocation", "Session révoquée"


class ConnexionQuerySet(models.QuerySet["Connexion"]):
    """Lecture du journal des connexions."""

    def visibles_par(self, acteur: Acteur) -> ConnexionQuerySet:
        """Les siennes ; le responsable voit aussi celles de ses agents, tant qu'ils n'agissent que pour lui ; la plateforme, toutes.

        Un agent parti, ou qui agit aussi pour un autre organisme, ne montre pas à l'un ce qu'il fait pour l'autre.
        """
        if acteur.est_systeme or acteur.nature is Nature.PLATEFORME:
            return self
        if acteur.organisme_id is None:
            return self.none()
        siennes = models.Q(utilisateur_id=acteur.utilisateur_id)
        if acteur.peut(Role.RESPONSABLE):
            roles = apps.get_model("acces", "Rattachement")._default_manager
            alors = roles.filter(
                models.Q(clos_le__isnull=True) | models.Q(clos_le__gte=models.OuterRef("instant")),
                utilisateur=models.OuterRef("utilisateur"),
                ouvert_le__lte=models.OuterRef("instant"),
            )
            ici, ailleurs = alors.filter(organisme=acteur.organisme_id), alors.exclude(organisme=acteur.organisme_id)
            return self.filter(siennes | (models.Exists(ici) & ~models.Exists(ailleurs)))
        return self.filter(siennes)


class Connexion(models.Model):
    """Une entrée du journal des connexions ; la base n'en permet que l'ajout, la purge suit une durée datée (RG-70)."""

    utilisateur = models.ForeignKey("acces.Utilisateur", on_delete=models.CASCADE, null=True, related_name="connexions")
    genre = models.CharField("genre", max_length=24, choices=GenreConnexion.choices)
    instant = models.DateTimeField("instant", auto_now_add=True, db_index=True)
    adresse_ip = models.GenericIPAddressField("adresse IP", null=True)
    navigateur = models.CharField("navigateur", max_length=200, blank=True)

    objects = ConnexionQuerySet.as_manager()

    class Meta:
        app_label = "acces"
        verbose_name = "connexion"
        ordering: ClassVar = ["-instant", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(genre__in=GenreConnexion.values), name="connexion_genre_connu"),
        ]

    def __str__(self) -> str:
        return f"{self.get_genre_display()} {self.instant:%Y-%m-%d %H:%M}"


class IdentiteExterne(models.Model):
    """Une personne telle qu'un fournisseur d'identité (OIDC) la connaît : son émetteur et son sujet, stables."""

    utilisateur = models.ForeignKey("acces.Utilisateur", on_delete=models.CASCADE, related_name="identites")
    emetteur = models.CharField("émetteur", max_length=200)
    sujet = models.CharField("sujet", max_length=255)
    liee_le = models.DateTimeField("liée le", auto_now_add=True)

    class Meta:
        app_label = "acces"
        verbose_name = "identité externe"
        constraints: ClassVar = [models.UniqueConstraint(fields=["emetteur", "sujet"], name="identite_unique")]

    def __str__(self) -> str:
        return f"identité {self.pk}"
