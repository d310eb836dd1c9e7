"""Sessions révocables et journal des connexions : ce qui se note à la porte, et comment on la referme (domaine.md § 6)."""

from __future__ import annotations

import hashlib
import logging
from ipaddress import ip_address
from typing import Any

from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.contrib.sessions.models import Session
from django.dispatch import receiver
from django.http import HttpRequest

from flux_reservations.acces.models import Connexion, GenreConnexion, SessionOuverte, Utilisateur
from flux_reservations.socle import rls

logger = logging.getLogger(__name__)
LONGUEUR_NAVIGATEUR = 200


@rls.identifie
def noter(genre: GenreConnexion, request: HttpRequest | None, utilisateur: Utilisateur | None) -> None:
    """Ajoute une entrée au journal des connexions."""
    Connexion.objects.create(utilisateur=utilisateur, genre=genre, **_provenance(request))


@receiver(user_logged_in, dispatch_uid="acces_session_ouverte")
@rls.identifie
def ouvrir(sender: Any, request: HttpRequest, user: Utilisateur, **kwargs: Any) -> None:
    """Retient la session qui s'ouvre."""
    del sender, kwargs
    if request.session.session_key:
        SessionOuverte.objects.update_or_create(
            cle=request.session.session_key, defaults={"utilisateur": user, **_provenance(request)}
        )
    noter(GenreConnexion.REUSSIE, request, user)


@receiver(user_logged_out, dispatch_uid="acces_session_close")
@rls.identifie
def clore(sender: Any, request: HttpRequest, user: Utilisateur | None, **kwargs: Any) -> None:
    """Oublie la session qui se ferme."""
    del sender, kwargs
    if user is not None:
        SessionOuverte.objects.filter(cle=request.session.session_key or "").delete()
        noter(GenreConnexion.DECONNEXION, request, user)


@receiver(user_login_failed, dispatch_uid="acces_echec")
@rls.identifie
def noter_un_echec(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Note l'échec ; un courriel inconnu n'est gardé que sous son empreinte, dans le journal technique."""
    del sender, kwargs
    courriel = str(credentials.get("username") or "").strip().lower()
    utilisateur = Utilisateur.objects.filter(courriel=courriel).first()
    if utilisateur is None:
        logger.info(
            "échec de connexion, courriel inconnu, empreinte=%s", hashlib.sha256(courriel.encode()).hexdigest()[:12]
        )
    noter(GenreConnexion.ECHEC, request, utilisateur)


@receiver(user_locked_out, dispatch_uid="acces_verrouille")
@rls.identifie
def noter_un_verrou(sender: Any, request: HttpRequest | None = None, username: str = "", **kwargs: Any) -> None:
    """Note une connexion suspendue après trop d'essais."""
    del sender, kwargs
    noter(GenreConnexion.VERROUILLEE, request, Utilisateur.objects.filter(courriel=(username or "").lower()).first())


@rls.identifie
def revoquer_sessions(utilisateur_id: int, *, sauf: str = "", session_id: int | None = None) -> int:
    """Ferme les sessions d'une personne (une seule si `session_id`), sauf celle de clé `sauf` ; rend combien."""
    ouvertes = SessionOuverte.objects.filter(utilisateur_id=utilisateur_id).exclude(cle=sauf)
    if session_id is not None:
        ouvertes = ouvertes.filter(pk=session_id)
    cles = list(ouvertes.values_list("cle", flat=True))
    Session.objects.filter(session_key__in=cles).delete()
    ouvertes.delete()
    personne = Utilisateur.objects.get(pk=utilisateur_id)
    for _ in cles:
        noter(GenreConnexion.REVOCATION, None, personne)
    return len(cles)


def adresse_ip(request: HttpRequest) -> str:
    """L'adresse de la personne : celle qu'a vue le premier serveur frontal de confiance, jamais celle qu'elle prétend.

    Chaque frontal ajoute à la fin de X-Forwarded-For l'adresse qui lui parle : on compte depuis la fin.
    """
    directe: str = request.META.get("REMOTE_ADDR", "")
    if not settings.NOMBRE_DE_FRONTAUX:
        return directe
    vues = [adresse.strip() for adresse in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if adresse.strip()]
    if len(vues) < settings.NOMBRE_DE_FRONTAUX:
        return directe
    vue = vues[-settings.NOMBRE_DE_FRONTAUX]
    try:
        return str(ip_address(vue))
    except ValueError:
        return directe


def _provenance(request: HttpRequest | None) -> dict[str, Any]:
    """Adresse et navigateur de la requête, s'il y en a une."""
    if request is None:
        return {"adresse_ip": None, "navigateur": ""}
    return {
        "adresse_ip": adresse_ip(request) or None,
        "navigateur": request.META.get("HTTP_USER_AGENT", "")[:LONGUEUR_NAVIGATEUR],
    }
