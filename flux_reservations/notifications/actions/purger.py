"""Oublier les personnes que nomment les envois, et les secrets qu'ils portaient, quand ils ont fait leur temps (RG-70)."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q

from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.calendrier import ajouter_mois
from flux_reservations.commun.erreurs import AccesRefuse
from flux_reservations.droit import conservation
from flux_reservations.notifications.models import Envoi, EtatEnvoi, GenreEnvoi

DESTINATAIRE_OUBLIE = "Destinataire oublié"
SECRET_ECHU = timedelta(days=8)
"""Un lien d'invitation vaut sept jours : passé ce délai, le corps qui le porte ne sert plus qu'à être volé."""


def purger_les_envois(*, acteur: Acteur, le: date, essai: bool = False) -> int:
    """Efface nom et adresse des invitations et des rappels anciens, et le corps des invitations échues ; rend le nombre de lignes.

    Les envois obligatoires restent entiers : ils prouvent, et s'adressent à des organismes.
    """
    if not acteur.est_systeme:
        raise AccesRefuse
    invitations = Q(
        genre=GenreEnvoi.INVITATION, cree_le__date__lt=ajouter_mois(le, -conservation.INVITATIONS.valeur(le))
    )
    rappels = Q(genre=GenreEnvoi.RAPPEL, cree_le__date__lt=ajouter_mois(le, -conservation.PERSONNES.valeur(le)))
    nommes = Envoi.objects.filter(invitations | rappels).exclude(destinataire_nom=DESTINATAIRE_OUBLIE)
    secrets = Envoi.objects.filter(genre=GenreEnvoi.INVITATION, cree_le__date__lt=le - SECRET_ECHU).exclude(corps="")
    nombre = (nommes | secrets).count()
    if not essai:
        with transaction.atomic():
            # Un courriel vidé ne part plus : son lien est mort.
            secrets.filter(etat__in=[EtatEnvoi.PREVU, EtatEnvoi.INCERTAIN]).update(
                etat=EtatEnvoi.ECHEC, derniere_erreur="L'invitation est échue."
            )
            secrets.update(corps="", prochain_essai_le=None)
            nommes.update(destinataire_nom=DESTINATAIRE_OUBLIE, courriel="", recu_par="")
    return nombre
