"""Les pièces : conventions signées, bilans PDF, tableurs ; le contenu est en base, sauvegardé avec elle."""

from __future__ import annotations

import hashlib
from typing import ClassVar

from django.db import models, transaction
from django.db.models.lookups import Exact

from flux_reservations.acces.models import Organisme, Utilisateur
from flux_reservations.acces.services_de_l_etat import du_service
from flux_reservations.commun.acteur import Acteur, Nature, Role

GENRES_LUS_PAR_L_ETAT = ("information_prealable", "transmission", "information_debut_annee", "bilan")
"""Genres d'envois obligatoires que l'État lit sur son département (domaine.md § 6)."""


GENRES_D_IMPORT = ("import", "reprise")
"""Fichiers déposés pour être importés ou rapprochés."""


def _empreinte_de(colonne: str) -> models.Func:
    sha256 = models.Func(models.F(colonne), function="sha256", output_field=models.BinaryField())
    return models.Func(sha256, models.Value("hex"), function="encode", output_field=models.CharField())


class Contenu(models.Model):
    """Des octets, une seule fois, sous leur empreinte SHA-256.

    Connaître une empreinte ne donne rien : la base refuse des octets rangés sous l'empreinte d'autres octets, et une pièce dont
    l'organisme n'a pas donné les octets dans la même transaction (migration 0004).
    """

    empreinte = models.CharField("empreinte SHA-256", max_length=64, primary_key=True)
    octets = models.BinaryField("octets")

    class Meta:
        verbose_name = "contenu"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Exact(models.F("empreinte"), _empreinte_de("octets")),
                name="contenu_sous_son_empreinte",
                violation_error_message="Ces octets ne répondent pas à leur empreinte.",
            )
        ]

    def __str__(self) -> str:
        return self.empreinte[:12]


class PieceQuerySet(models.QuerySet["Piece"]):
    """Lecture des pièces ; le contenu n'est chargé qu'à la demande."""

    def visibles_par(self, acteur: Acteur) -> PieceQuerySet:
        """Celles de son organisme, celles qu'un envoi déposé lui adresse, et pour l'État celles des envois de son département."""
        if acteur.est_systeme:
            return self
        if acteur.organisme_id is None:
            return self.none()
        deposes = models.Q(envois__depose_le__isnull=False)
        recues = deposes & models.Q(envois__destinataire_id=acteur.organisme_id, **du_service(acteur, "envois__"))
        siennes = models.Q(organisme_id=acteur.organisme_id)
        if not acteur.peut(Role.GESTIONNAIRE):
            # Un fichier d'import peut porter des numéros de demande : il se lit par qui importe (RG-70).
            siennes &= ~models.Q(genre__in=GENRES_D_IMPORT)
        if acteur.nature is Nature.ETAT and acteur.territoire.startswith("departement:"):
            departement = models.Q(envois__departement_id=acteur.territoire.partition(":")[2])
            reglementaires = models.Q(envois__genre__in=GENRES_LUS_PAR_L_ETAT)
            return self.filter(siennes | recues | (deposes & departement & reglementaires)).distinct()
        return self.filter(siennes | recues).distinct()

    def modifiables_par(self, acteur: Acteur) -> PieceQuerySet:
        """Celles de son organisme."""
        if acteur.est_systeme:
            return self
        if acteur.organisme_id is not None and acteur.peut(Role.GESTIONNAIRE):
            return self.filter(organisme_id=acteur.organisme_id)
        return self.none()


class PieceManager(models.Manager.from_queryset(PieceQuerySet)):  # type: ignore[misc]  # fabrique de Django
    """Dépôt de pièces."""

    def deposer(
        self,
        *,
        organisme_id: int,
        genre: str,
        nom: str,
        type_mime: str,
        octets: bytes,
        utilisateur_id: int | None = None,
    ) -> Piece:
        """Enregistre un document ; le même contenu n'est gardé qu'une fois.

        Une seule transaction : la base n'admet la pièce que si les octets viennent de lui être donnés.
        """
        empreinte = hashlib.sha256(octets).hexdigest()
        with transaction.atomic():
            Contenu.objects.bulk_create([Contenu(empreinte=empreinte, octets=octets)], ignore_conflicts=True)
            piece: Piece = self.create(
                organisme_id=organisme_id,
                genre=genre,
                nom=nom,
                type_mime=type_mime,
                taille=len(octets),
                contenu_id=empreinte,
                deposee_par_id=utilisateur_id,
            )
        return piece


class Piece(models.Model):
    """Un document d'un organisme : son nom, son genre, son contenu."""

    organisme = models.ForeignKey(Organisme, verbose_name="organisme", on_delete=models.PROTECT, related_name="pieces")
    genre = models.CharField("genre", max_length=40)
    nom = models.CharField("nom du fichier", max_length=200)
    type_mime = models.CharField("type", max_length=100)
    taille = models.PositiveBigIntegerField("taille (octets)")
    contenu = models.ForeignKey(Contenu, verbose_name="contenu", on_delete=models.PROTECT, related_name="pieces")
    deposee_le = models.DateTimeField("déposée le", auto_now_add=True)
    deposee_par = models.ForeignKey(Utilisateur, on_delete=models.PROTECT, null=True, related_name="+")

    objects = PieceManager()

    class Meta:
        verbose_name = "pièce"
        ordering: ClassVar = ["-deposee_le", "-id"]

    def __str__(self) -> str:
        return self.nom
