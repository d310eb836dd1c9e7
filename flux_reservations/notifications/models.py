"""Les envois : un destinataire, une pièce, une date, une voie, un état (RG-66)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.urls import reverse

from flux_reservations.acces.models import Organisme
from flux_reservations.acces.services_de_l_etat import champ_service, du_service
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.pieces.models import Piece
from flux_reservations.territoires.models import Departement, Territoire


class EtatEnvoi(models.TextChoices):
    """Où en est un envoi."""

    PREVU = "prevu", "Prévu"
    EN_COURS = "en_cours", "En cours"
    ENVOYE = "envoye", "Envoyé"
    INCERTAIN = "incertain", "Incertain"
    ECHEC = "echec", "Échec"
    REPRIS = "repris", "Repris"
    RECU = "recu", "Reçu"


class VoieEnvoi(models.TextChoices):
    """Par où passe un envoi."""

    PORTAIL = "portail", "Portail"
    COURRIEL = "courriel", "Courriel"
    RECOMMANDE = "recommande", "Recommandé"


class GenreEnvoi(models.TextChoices):
    """Ce qu'un envoi remet."""

    INFORMATION_PREALABLE = "information_prealable", "Information préalable (RG-18)"
    CONVENTION_A_RELIRE = "convention_a_relire", "Convention à relire"
    TRANSMISSION = "transmission", "Transmission de convention (RG-17)"
    INFORMATION_DEBUT_ANNEE = "information_debut_annee", "Information de début d'année (RG-61)"
    BILAN = "bilan", "Bilan annuel (RG-60)"
    MISE_A_DISPOSITION = "mise_a_disposition", "Logement mis à disposition"
    GARANTIE_ETEINTE = "garantie_eteinte", "Emprunt garanti remboursé (RG-23)"
    RAPPEL = "rappel", "Rappel d'échéance (RG-67)"
    INVITATION = "invitation", "Invitation à se connecter"
    CONCERTATION = "concertation", "Concertation d'un programme neuf (RG-22)"
    MANQUEMENT = "manquement", "Mise en demeure et suites (RG-20)"


class EnvoiQuerySet(models.QuerySet["Envoi"]):
    """Lecture des envois."""

    def visibles_par(self, acteur: Acteur) -> EnvoiQuerySet:
        """L'émetteur voit ce qu'il envoie ; le destinataire ce qui lui est déposé ; l'État ce qui touche son département.

        Une invitation porte un lien qui ouvre un accès : personne ne la relit.
        """
        if acteur.est_systeme:
            return self
        if acteur.organisme_id is None:
            return self.none()
        lisibles = self.exclude(genre=GenreEnvoi.INVITATION)
        recus = models.Q(destinataire_id=acteur.organisme_id, depose_le__isnull=False, **du_service(acteur))
        emis = models.Q(emetteur_id=acteur.organisme_id)
        if acteur.nature is Nature.ETAT and acteur.territoire.startswith("departement:"):
            departement = models.Q(departement_id=acteur.territoire.partition(":")[2], depose_le__isnull=False)
            reglementaires = models.Q(genre__in=GENRES_REGLEMENTAIRES)
            return lisibles.filter(recus | emis | (departement & reglementaires))
        return lisibles.filter(recus | emis)

    def modifiables_par(self, acteur: Acteur) -> EnvoiQuerySet:
        """Ceux qu'émet son organisme."""
        if acteur.est_systeme:
            return self
        if acteur.organisme_id is not None and acteur.peut(Role.GESTIONNAIRE):
            return self.filter(emetteur_id=acteur.organisme_id).exclude(genre=GenreEnvoi.INVITATION)
        return self.none()

    def accusables_par(self, acteur: Acteur) -> EnvoiQuerySet:
        """Ceux qui lui sont déposés et dont il n'a pas encore accusé réception."""
        if acteur.organisme_id is None or not acteur.peut(Role.GESTIONNAIRE):
            return self.none()
        return self.filter(
            destinataire_id=acteur.organisme_id, depose_le__isnull=False, recu_le__isnull=True, **du_service(acteur)
        )

    def a_expedier(self, maintenant: datetime) -> EnvoiQuerySet:
        """Courriels prêts à partir : prévus, incertains ou en échec dont l'heure du prochain essai est venue."""
        return self.filter(
            models.Q(prochain_essai_le__lte=maintenant)
            | models.Q(etat=EtatEnvoi.PREVU, prochain_essai_le__isnull=True),
            voie=VoieEnvoi.COURRIEL,
            etat__in=[EtatEnvoi.PREVU, EtatEnvoi.INCERTAIN, EtatEnvoi.ECHEC],
        )

    def a_remettre(self) -> EnvoiQuerySet:
        """Ce qui attend quelqu'un : remise par une autre voie à saisir, ou courriel en échec ; un rappel n'attend rien.

        Qui est servi se lit par `servi_le`.
        """
        par_une_autre_voie = models.Q(etat=EtatEnvoi.PREVU, voie=VoieEnvoi.RECOMMANDE)
        attend = par_une_autre_voie | models.Q(etat=EtatEnvoi.ECHEC)
        return self.filter(attend, recu_le__isnull=True).exclude(genre=GenreEnvoi.RAPPEL)


GENRES_REGLEMENTAIRES = [
    GenreEnvoi.INFORMATION_PREALABLE.value,
    GenreEnvoi.TRANSMISSION.value,
    GenreEnvoi.INFORMATION_DEBUT_ANNEE.value,
    GenreEnvoi.BILAN.value,
]


class Envoi(models.Model):
    """Un envoi à un destinataire ; `depose_le` est l'acte daté et unique, le courriel n'en est que l'avis (RG-66).

    L'émetteur, le destinataire et le territoire sont recopiés : l'envoi se lit et se filtre sans remonter à ce qu'il porte.
    """

    cle = models.UUIDField("clé publique", default=uuid.uuid4, unique=True, editable=False)
    lot = models.UUIDField("lot simultané", default=uuid.uuid4, db_index=True)
    genre = models.CharField("genre", max_length=32, choices=GenreEnvoi.choices)
    objet_type = models.CharField("type de l'objet porté", max_length=80, blank=True)
    objet_cle = models.CharField("clé de l'objet porté", max_length=80, blank=True)
    emetteur = models.ForeignKey(Organisme, on_delete=models.PROTECT, related_name="envois_emis")
    destinataire = models.ForeignKey(Organisme, on_delete=models.PROTECT, null=True, related_name="envois_recus")
    service = champ_service()
    destinataire_nom = models.CharField("destinataire", max_length=200)
    courriel = models.EmailField("adresse", blank=True)
    departement = models.ForeignKey(Departement, on_delete=models.PROTECT, null=True, related_name="+")
    territoire = models.ForeignKey(Territoire, on_delete=models.PROTECT, null=True, related_name="+")
    annee = models.PositiveSmallIntegerField("au titre de l'année", null=True)
    piece = models.ForeignKey(Piece, on_delete=models.PROTECT, null=True, related_name="envois")
    voie = models.CharField("voie", max_length=16, choices=VoieEnvoi.choices, default=VoieEnvoi.COURRIEL)
    objet = models.CharField("objet du message", max_length=200)
    corps = models.TextField("corps du message", blank=True)
    etat = models.CharField("état", max_length=16, choices=EtatEnvoi.choices, default=EtatEnvoi.PREVU)
    message_id = models.CharField("Message-ID", max_length=200, blank=True)
    tentatives = models.PositiveSmallIntegerField("tentatives", default=0)
    derniere_erreur = models.TextField("dernière erreur", blank=True)
    cree_le = models.DateTimeField("créé le", auto_now_add=True)
    depose_le = models.DateTimeField("déposé au portail le", null=True, blank=True)
    pris_le = models.DateTimeField("pris par un processus le", null=True, blank=True)
    prochain_essai_le = models.DateTimeField("prochain essai le", null=True, blank=True)
    envoye_le = models.DateTimeField("courriel accepté le", null=True, blank=True)
    incertain_le = models.DateTimeField("devenu incertain le", null=True, blank=True)
    recu_le = models.DateTimeField("accusé de réception le", null=True, blank=True)
    recu_par = models.CharField("accusé par", max_length=200, blank=True)
    reference_voie = models.CharField("référence de la remise (recommandé…)", max_length=100, blank=True)

    objects = EnvoiQuerySet.as_manager()

    class Meta:
        verbose_name = "envoi"
        ordering: ClassVar = ["-cree_le", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(etat__in=EtatEnvoi.values), name="envoi_etat_connu"),
            models.CheckConstraint(condition=models.Q(voie__in=VoieEnvoi.values), name="envoi_voie_connue"),
            models.CheckConstraint(condition=models.Q(genre__in=GenreEnvoi.values), name="envoi_genre_connu"),
            models.UniqueConstraint(
                fields=["lot", "genre", "destinataire", "objet_type", "objet_cle"],
                condition=models.Q(destinataire__isnull=False),
                name="envoi_unique_par_lot_et_destinataire",
            ),
            models.CheckConstraint(
                condition=~models.Q(etat="envoye")
                | models.Q(envoye_le__isnull=False)
                | models.Q(depose_le__isnull=False),
                name="envoi_envoye_date",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["etat", "prochain_essai_le"], name="envoi_file"),
            models.Index(fields=["objet_type", "objet_cle"], name="envoi_objet"),
        ]

    def __str__(self) -> str:
        return f"{self.get_genre_display()} → {self.destinataire_nom}"

    @property
    def adresse_de_remise(self) -> str:
        """Adresse de la page qui remet la pièce à son destinataire : un lien par envoi, qui exige une connexion."""
        return reverse("envoi_recu", args=[self.cle])


class CourrielQuerySet(models.QuerySet["Courriel"]):
    """Lecture des courriels de la démonstration."""

    def visibles_par(self, acteur: Acteur) -> CourrielQuerySet:
        """En démonstration, toute personne connectée joue tous les rôles ; ailleurs la table est vide."""
        if acteur.est_systeme or acteur.organisme_id is not None:
            return self
        return self.none()


class Courriel(models.Model):
    """Un courriel gardé en base au lieu de partir : la démonstration seulement (`courriel.CourrielEnBase`)."""

    message_id = models.CharField("Message-ID", max_length=200, blank=True)
    expediteur = models.CharField("de", max_length=200)
    destinataires = models.TextField("à")
    objet = models.CharField("objet", max_length=200)
    corps = models.TextField("corps")
    recu_le = models.DateTimeField("reçu le", auto_now_add=True)

    objects = CourrielQuerySet.as_manager()

    class Meta:
        verbose_name = "courriel de la démonstration"
        verbose_name_plural = "courriels de la démonstration"
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.objet


from flux_reservations.notifications.demandes import Demande, GenreDemande, SuiteDemande  # noqa: E402, F401 : un module à elles
