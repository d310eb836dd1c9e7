"""S'abonner au calendrier de l'échéancier, et révoquer son adresse (RG-67)."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from bilans.models import AbonnementCalendrier
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import AccesRefuse, Conflit
from flux_reservations.socle.journal import journaliser


def s_abonner(*, acteur: Acteur) -> AbonnementCalendrier:
    """Crée l'adresse de calendrier de la personne chez son bailleur. Lève `Conflit` si elle en a déjà une."""
    if not acteur.est_bailleur or acteur.utilisateur_id is None:
        raise AccesRefuse
    try:
        with transaction.atomic():
            abonnement = AbonnementCalendrier.objects.create(
                bailleur_id=acteur.organisme, utilisateur_id=acteur.utilisateur_id
            )
            _journaliser(acteur, abonnement, "s_abonner_au_calendrier")
    except IntegrityError as erreur:
        msg = "Vous avez déjà une adresse de calendrier : révoquez-la d'abord."
        raise Conflit(msg, regle="RG-67") from erreur
    return abonnement


def revoquer_l_abonnement(*, acteur: Acteur) -> None:
    """Rend l'adresse en cours muette, tout de suite. Lève `Conflit` s'il n'y en a pas."""
    with transaction.atomic():
        abonnement = (
            AbonnementCalendrier.objects.modifiables_par(acteur).actifs().select_for_update(of=("self",)).first()
        )
        if abonnement is None:
            raise Conflit("Vous n'avez pas d'adresse de calendrier.", regle="RG-67")
        abonnement.revoque_le = timezone.now()
        abonnement.save(update_fields=["revoque_le"])
        _journaliser(acteur, abonnement, "revoquer_le_calendrier")


def _journaliser(acteur: Acteur, abonnement: AbonnementCalendrier, action: str) -> None:
    revocation = {"revoque_le": abonnement.revoque_le} if abonnement.revoque_le else {}
    journaliser(acteur=acteur, action=action, objet=abonnement, organisme_id=abonnement.bailleur_id, apres=revocation)
