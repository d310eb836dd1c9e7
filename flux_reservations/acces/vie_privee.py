"""Purger ce qui a fait son temps (RG-70) : connexions, consultations, invitations, personnes parties."""

from __future__ import annotations

from datetime import date

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Max, Q, QuerySet

from flux_reservations.acces.models import Connexion, Consultation, Invitation, Utilisateur
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.calendrier import ajouter_mois
from flux_reservations.commun.erreurs import AccesRefuse
from flux_reservations.droit import conservation
from flux_reservations.droit.parametre import Parametre


def limite_de(duree: Parametre[int], le: date) -> date:
    """Jour avant lequel une donnée a fait son temps."""
    return ajouter_mois(le, -duree.valeur(le))


def personnes_a_oublier(le: date) -> QuerySet[Utilisateur]:
    """Les personnes dont le dernier accès est clos depuis plus que la durée, et qui portent encore un nom."""
    return (
        Utilisateur.objects.exclude(courriel__endswith="@purge.invalid")
        .annotate(dernier=Max("rattachements__clos_le"))
        .filter(dernier__date__lt=limite_de(conservation.PERSONNES, le))
        .exclude(Q(rattachements__clos_le__isnull=True, rattachements__isnull=False))
    )


def purger_les_acces(*, acteur: Acteur, le: date, essai: bool = False) -> dict[str, int]:
    """Efface ce qui a fait son temps et rend combien de lignes, par genre ; `essai` compte sans effacer.

    Une personne partie garde sa ligne (le journal s'y rattache par son numéro), sans nom ni courriel.
    """
    if not acteur.est_systeme:
        raise AccesRefuse
    cibles: dict[str, QuerySet[Connexion] | QuerySet[Consultation] | QuerySet[Invitation]] = {
        "connexions": Connexion.objects.filter(instant__date__lt=limite_de(conservation.CONNEXIONS, le)),
        "consultations": Consultation.objects.filter(jour__lt=limite_de(conservation.CONSULTATIONS, le)),
        "invitations": Invitation.objects.filter(expire_le__date__lt=limite_de(conservation.INVITATIONS, le)),
    }
    nombres = {genre: cible.count() for genre, cible in cibles.items()}
    personnes = list(personnes_a_oublier(le))
    if not essai:
        with transaction.atomic():
            for cible in cibles.values():
                cible.delete()
            for personne in personnes:
                _oublier(personne)
            Session.objects.filter(expire_date__date__lt=le).delete()
    return nombres | {"personnes": len(personnes)}


def _oublier(personne: Utilisateur) -> None:
    personne.prenom, personne.nom = "", ""
    personne.courriel = f"personne-{personne.pk}@purge.invalid"
    personne.is_active = False
    personne.set_unusable_password()
    personne.save()
    personne.sessions.all().delete()
    personne.identites.all().delete()
