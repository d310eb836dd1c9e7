"""Les courriels qui portent un secret (invitation, nouveau mot de passe) : dans la file durable (RG-66), et relus de personne."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from flux_reservations.acces.models import Rattachement, Utilisateur
from flux_reservations.socle import rls

LIENS_PAR_HEURE = 3
_MOT_DE_PASSE = "acces.mot_de_passe"


def poster(*, emetteur_id: int, courriel: str, objet_type: str, objet_cle: str, objet: str, corps: str) -> None:
    """Met le courriel dans la file ; son corps est effacé dès qu'il est parti, et aucune requête ne le lit."""
    from flux_reservations.notifications.models import Envoi, EtatEnvoi, GenreEnvoi  # noqa: PLC0415 : notifications connaît accès

    with rls.en_systeme():
        Envoi.objects.create(
            genre=GenreEnvoi.INVITATION,
            etat=EtatEnvoi.PREVU,
            emetteur_id=emetteur_id,
            destinataire_nom=courriel,
            courriel=courriel,
            objet_type=objet_type,
            objet_cle=objet_cle,
            objet=objet[:200],
            corps=corps,
        )


def adresse_de(nom: str, *cles: str) -> str:
    """Adresse complète d'une page, telle qu'on l'écrit dans un courriel."""
    return settings.SITE_URL.rstrip("/") + reverse(nom, args=cles)


def envoyer_un_lien_de_mot_de_passe(courriel: str) -> bool:
    """Envoie de quoi choisir un nouveau mot de passe à qui a un accès ouvert, trois fois par heure au plus ; rend s'il part.

    Rien n'est envoyé par la requête elle-même : un courriel connu et un inconnu ne se distinguent pas au temps de réponse.
    """
    from flux_reservations.notifications.models import Envoi  # noqa: PLC0415 : de même

    personne = Utilisateur.objects.filter(courriel=courriel.strip().lower(), is_active=True).first()
    ouvert = Rattachement.objects.actifs().filter(utilisateur=personne).first() if personne else None
    if personne is None or ouvert is None or not personne.has_usable_password():
        return False
    depuis = timezone.now() - timedelta(hours=1)
    with rls.en_systeme():
        recents = Envoi.objects.filter(objet_type=_MOT_DE_PASSE, objet_cle=str(personne.pk), cree_le__gt=depuis).count()
    if recents >= LIENS_PAR_HEURE:
        return False
    cle, jeton = urlsafe_base64_encode(force_bytes(personne.pk)), default_token_generator.make_token(personne)
    poster(
        emetteur_id=ouvert.organisme_id,
        courriel=personne.courriel,
        objet_type=_MOT_DE_PASSE,
        objet_cle=str(personne.pk),
        objet="Choisir un nouveau mot de passe",
        corps=(
            "Bonjour,\n\nPour choisir un nouveau mot de passe (une heure, une seule fois) :\n"
            f"{adresse_de('nouveau_mot_de_passe', cle, jeton)}\n\n"
            "Si vous n'avez rien demandé, ignorez ce message.\n"
        ),
    )
    return True
