"""Convoquer les membres de la CALEOL à une séance : ils lisent son ordre du jour, jusqu'à un délai daté (domaine.md § 6)."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from attributions.actions.parcours import verrouiller_seance
from attributions.messages import MessageConvocation
from attributions.models import MembreSeance, Seance
from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.droit.conservation import SEANCES_DES_MEMBRES
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
from flux_reservations.socle.journal import journaliser


def convoquer_membres(*, acteur: Acteur, seance_id: int, rattachements: Collection[int]) -> list[MembreSeance]:
    """Convoque exactement ces membres : les nouveaux reçoivent un courriel, ceux qui n'y sont plus perdent l'accès.

    Lève `ErreurMetier` si l'un d'eux n'est pas membre de la commission de ce bailleur. Rend les convocations nouvelles.
    """
    with transaction.atomic():
        seance = verrouiller_seance(acteur, seance_id)
        choisis = {un.pk: un for un in membres_possibles(seance).filter(pk__in=rattachements)}
        if set(rattachements) - set(choisis):
            raise ErreurMetier("membre_inconnu", "Choisissez des membres de votre commission.", champ="membres")
        avant = set(seance.membres.values_list("rattachement_id", flat=True))
        seance.membres.filter(rattachement_id__in=avant - set(choisis)).delete()
        nouvelles = [
            MembreSeance.objects.create(
                seance=seance, rattachement=choisis[cle], jours_apres=SEANCES_DES_MEMBRES.valeur(seance.date)
            )
            for cle in sorted(set(choisis) - avant)
        ]
        journaliser(
            acteur=acteur,
            action="convoquer_membres",
            objet=seance,
            organisme_id=seance.bailleur_id,
            avant={"membres": sorted(avant)},
            apres={"membres": sorted(choisis)},
        )
        _avertir(acteur, seance, nouvelles)
    return nouvelles


def membres_possibles(seance: Seance) -> QuerySet[Rattachement]:
    """Les membres de la commission du bailleur, toujours en fonction."""
    actifs = Rattachement.objects.actifs().filter(organisme_id=seance.bailleur_id, role=Role.MEMBRE)
    return actifs.select_related("utilisateur").order_by("utilisateur__nom", "utilisateur__prenom", "pk")


def membres_proposes(seance: Seance) -> list[int]:
    """Ceux qui sont convoqués ; à défaut, ceux de la séance précédente du bailleur."""
    convoques = list(seance.membres.values_list("rattachement_id", flat=True))
    if convoques:
        return convoques
    precedente = (
        Seance.objects.filter(bailleur_id=seance.bailleur_id, date__lt=seance.date, membres__isnull=False)
        .order_by("-date", "-pk")
        .first()
    )
    return list(precedente.membres.values_list("rattachement_id", flat=True)) if precedente else []


def _avertir(acteur: Acteur, seance: Seance, nouvelles: list[MembreSeance]) -> None:
    if nouvelles:
        deposer_lot(
            acteur=acteur,
            emetteur=seance.bailleur,
            message=MessageConvocation(seance.bailleur.nom, seance.date),
            destinataires=[
                Destinataire(une.rattachement.utilisateur.nom_complet, None, une.rattachement.utilisateur.courriel)
                for une in nouvelles
            ],
            objet=Objet(seance, annee=seance.date.year, page=reverse("ma_seance", args=[seance.pk])),
        )
