"""Connexion par un fournisseur d'identité (ProConnect ou tout OIDC) : il dit qui est la personne, l'application dit ce qu'elle peut."""

from __future__ import annotations

import logging
from typing import Any, Final
from urllib.parse import urlencode

import jwt
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.core.cache import cache
from django.core.exceptions import SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.crypto import get_random_string
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from flux_reservations.acces.models import IdentiteExterne, Utilisateur
from flux_reservations.acces.sessions import revoquer_sessions
from flux_reservations.socle import rls

logger = logging.getLogger(__name__)

SERVICE: Final = "flux_reservations.acces.oidc.FournisseurBackend"
DECONNEXION_A_DISTANCE: Final = "http://schemas.openid.net/event/backchannel-logout"
"""L'événement que porte un jeton de déconnexion (OpenID Connect Back-Channel Logout 1.0, § 2.4)."""
DUREE_D_UN_JETON: Final = 600
"""Secondes pendant lesquelles un jeton de déconnexion déjà reçu ne vaut plus rien."""


class FournisseurBackend(OIDCAuthenticationBackend):
    """Reconnaît une personne déjà invitée : par son sujet s'il est connu, sinon par son courriel, si le fournisseur l'a vérifié.

    Aucune personne n'est créée ici : sans invitation, pas d'accès.
    """

    @rls.identifie
    def authenticate(self, request: Any, **kwargs: Any) -> Utilisateur | None:
        """Échange le code, lit les attributs, rend la personne ou None."""
        personne: Utilisateur | None = super().authenticate(request, **kwargs)
        return personne if personne is not None and personne.is_active else None

    def filter_users_by_claims(self, claims: dict[str, Any]) -> QuerySet[Utilisateur]:
        """Les personnes que désignent ces attributs (une au plus)."""
        connues = Utilisateur.objects.filter(
            identites__emetteur=settings.OIDC_EMETTEUR, identites__sujet=claims.get("sub", "")
        )
        if connues.exists():
            return connues
        verifie = claims.get("email_verified", settings.OIDC_COURRIEL_SUR)
        courriel = str(claims.get("email") or "").strip().lower()
        if verifie is not True or not courriel:
            return Utilisateur.objects.none()
        return Utilisateur.objects.filter(courriel=courriel)

    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        """Les attributs d'un jeton signé par le fournisseur, pour nous et pas encore expiré ; `SuspiciousOperation` sinon."""
        try:
            attributs: dict[str, Any] = super().verify_token(token, **kwargs)
        except (jwt.PyJWTError, KeyError, ValueError) as erreur:
            raise SuspiciousOperation("Jeton du fournisseur illisible, mal signé ou expiré.") from erreur
        destinataires = attributs.get("aud")
        nommes = destinataires if isinstance(destinataires, list) else [destinataires]
        if attributs.get("iss") != settings.OIDC_EMETTEUR or settings.OIDC_RP_CLIENT_ID not in nommes:
            raise SuspiciousOperation("Jeton du fournisseur d'un autre émetteur, ou pour un autre que nous.")
        return attributs

    def verify_claims(self, claims: dict[str, Any]) -> bool:
        """Un sujet suffit : le courriel n'est exigé qu'à la première liaison."""
        return bool(claims.get("sub"))

    def update_user(self, user: Utilisateur, claims: dict[str, Any]) -> Utilisateur:
        """Lie l'identité à la première connexion."""
        _, creee = IdentiteExterne.objects.get_or_create(
            emetteur=settings.OIDC_EMETTEUR, sujet=claims["sub"], defaults={"utilisateur": user}
        )
        if creee:
            logger.info("utilisateur=%s lié à son fournisseur d'identité", user.pk)
        return user


def adresse_de_sortie(request: HttpRequest, *, retour: str) -> str:
    """Où se déconnecter aussi du fournisseur, qui ramène ensuite à `retour` (adresse complète) ; vide s'il n'y a pas lieu.

    Il n'y a pas lieu si la session n'a pas été ouverte par lui, ou s'il n'annonce pas d'adresse (`OIDC_OP_END_SESSION_ENDPOINT`). À lire
    avant de fermer la session : le jeton qui dit qui se déconnecte y est (OpenID Connect RP-Initiated Logout 1.0, § 2).
    """
    fin: str = settings.OIDC_OP_END_SESSION_ENDPOINT
    if not (settings.OIDC_ACTIF and fin) or request.session.get(BACKEND_SESSION_KEY) != SERVICE:
        return ""
    demande = {
        "client_id": settings.OIDC_RP_CLIENT_ID,
        "post_logout_redirect_uri": retour,
        "state": get_random_string(32),
    }
    if jeton := request.session.get("oidc_id_token"):
        demande["id_token_hint"] = jeton
    return f"{fin}{'&' if '?' in fin else '?'}{urlencode(demande)}"


@rls.identifie
def deconnecter_a_distance(jeton: str) -> int:
    """Le fournisseur dit qu'une personne s'est déconnectée de lui : ferme toutes ses sessions ici ; rend combien.

    `SuspiciousOperation` si le jeton n'est pas de lui, pas pour nous, pas une déconnexion, ne nomme personne ou a déjà servi.
    """
    attributs = FournisseurBackend().verify_token(jeton)
    sujet, rang = attributs.get("sub"), attributs.get("jti")
    if "nonce" in attributs or DECONNEXION_A_DISTANCE not in (attributs.get("events") or {}):
        raise SuspiciousOperation("Ce jeton ne dit pas une déconnexion.")
    if not sujet or not rang:
        raise SuspiciousOperation(
            "Ce jeton de déconnexion ne nomme pas de personne (`sub`) ou n'a pas de numéro (`jti`)."
        )
    if not cache.add(f"deconnexion:{rang}", 1, DUREE_D_UN_JETON):
        raise SuspiciousOperation("Ce jeton de déconnexion a déjà servi.")
    identite = IdentiteExterne.objects.filter(emetteur=settings.OIDC_EMETTEUR, sujet=sujet).first()
    fermees = revoquer_sessions(identite.utilisateur_id) if identite else 0
    logger.info("déconnexion dite par le fournisseur d'identité, sessions fermées=%s", fermees)
    return fermees
