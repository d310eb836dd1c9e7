"""Constater les rebonds que disent des avis de non-remise : les lire deux fois ne change rien de plus (RG-66)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse
from flux_reservations.notifications.actions.suivre import signaler_rebond
from flux_reservations.notifications.domaine.rebonds import Avis, lire_avis
from flux_reservations.notifications.models import Envoi, EtatEnvoi


@dataclass(slots=True)
class Releve:
    """Ce qu'une lecture a donné, en nombre de courriels lus."""

    rebonds: int = 0
    passagers: int = 0
    """Avis de retard : le serveur essaie encore."""
    sans_effet: int = 0
    """Envoi inconnu de l'organisme, déjà en échec, déjà accusé, ou renvoyé depuis à une autre adresse."""
    illisibles: int = 0
    """Courriels qui ne sont pas des avis de non-remise."""


def constater_les_rebonds(*, acteur: Acteur, courriels: Iterable[bytes]) -> Releve:
    """Met en échec les envois que ces avis disent revenus ; une personne leur donnera une autre adresse ou une autre voie."""
    if not (acteur.est_systeme or acteur.peut(Role.GESTIONNAIRE)):
        raise AccesRefuse
    releve = Releve()
    for octets in courriels:
        avis = lire_avis(octets)
        if avis is None:
            releve.illisibles += 1
        elif not avis.est_definitif:
            releve.passagers += 1
        elif _constater(acteur, avis):
            releve.rebonds += 1
        else:
            releve.sans_effet += 1
    return releve


def _constater(acteur: Acteur, avis: Avis) -> bool:
    """Vrai si l'envoi vient d'être mis en échec."""
    with transaction.atomic():
        envoi = (
            Envoi.objects.modifiables_par(acteur)
            .select_for_update(of=("self",))
            .filter(message_id=avis.message_id, etat__in=[EtatEnvoi.ENVOYE, EtatEnvoi.REPRIS])
            .first()
        )
        if envoi is None or (avis.adresse and envoi.courriel.lower() != avis.adresse):
            return False
        signaler_rebond(acteur=acteur, envoi_id=envoi.pk, raison=avis.raison or "sans explication")
    return True
