"""Créer et révoquer les jetons d'API d'un organisme (formats.md § 3)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from flux_reservations.acces.jetons import Jeton, Portee, tirer_secret
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser

LONGUEUR_MONTREE = 12


def creer_jeton(*, acteur: Acteur, usage: str, portee: str, expire_le: dt.date | None = None) -> tuple[Jeton, str]:
    """Crée un jeton de l'organisme de l'acteur et rend son secret, qui ne sera plus jamais montré."""
    if acteur.organisme_id is None or not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    if portee not in Portee.values:
        raise ErreurMetier("portee_inconnue", "Choisissez une portée de la liste.", champ="portee")
    if expire_le is not None and expire_le <= timezone.localdate():
        raise ErreurMetier("date_passee", "Choisissez une date à venir.", champ="expire_le")
    secret, empreinte = tirer_secret()
    fin = timezone.make_aware(dt.datetime.combine(expire_le, dt.time.max)) if expire_le else None
    with transaction.atomic():
        jeton = Jeton.objects.create(
            organisme_id=acteur.organisme_id,
            usage=usage.strip(),
            portee=portee,
            empreinte=empreinte,
            debut=secret[:LONGUEUR_MONTREE],
            cree_par_id=acteur.utilisateur_id,
            expire_le=fin,
        )
        journaliser(
            acteur=acteur,
            action="creer_jeton",
            objet=jeton,
            organisme_id=acteur.organisme_id,
            apres={"usage": jeton.usage, "portee": portee, "expire_le": fin},
        )
    return jeton, secret


def revoquer_jeton(*, acteur: Acteur, jeton_id: int) -> Jeton:
    """Révoque un jeton : il ne vaut plus rien dès la demande suivante."""
    with transaction.atomic():
        jeton = Jeton.objects.visibles_par(acteur).select_for_update().filter(pk=jeton_id).first()
        if jeton is None:
            raise Introuvable
        if jeton.revoque_le is not None:
            raise Conflit("Ce jeton est déjà révoqué.")
        jeton.revoque_le = timezone.now()
        jeton.save(update_fields=["revoque_le"])
        journaliser(acteur=acteur, action="revoquer_jeton", objet=jeton, organisme_id=jeton.organisme_id)
    return jeton
