"""Connexion par un fournisseur d'identité (ProConnect ou tout OIDC) : il dit qui est la personne, l'application dit ce qu'elle peut."""

from __future__ import annotations

import logging
from typing import Any, Final
from urllib.parse import urlencode

import jwt
import requests
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.core.exceptions import SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.crypto import get_random_string
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from flux_reservations.acces.cles_du_fournisseur import Cles, lire_les_cles
from flux_reservations.acces.models import IdentiteExterne, Utilisateur
from flux_reservations.socle import rls

logger = logging.getLogger(__name__)

SERVICE: Final = "flux_reservations.acces.oidc.FournisseurBackend"


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
        exiger_qu_il_soit_pour_nous(attributs)
        return attributs

    def retrieve_matching_jwk(self, token: str) -> jwt.PyJWK:
        """La clé qui a signé ce jeton ; l'en-tête se lit d'abord, et les clés du fournisseur se gardent (`cles_du_fournisseur`).

        `SuspiciousOperation` si le jeton n'en nomme pas une du fournisseur, `FournisseurMuet` s'il ne les rend pas.
        """
        entete = jwt.get_unverified_header(token)
        nom, algorithme = entete.get("kid"), entete.get("alg")
        if algorithme != self.OIDC_RP_SIGN_ALGO or not nom:
            raise SuspiciousOperation("Jeton du fournisseur signé autrement que convenu, ou qui ne nomme pas sa clé.")
        for relire in (False, True):
            for cle in lire_les_cles(self._telecharger_les_cles, relire=relire):
                if cle.get("kid") == nom and cle.get("alg", algorithme) == algorithme:
                    return jwt.PyJWK(cle)
        raise SuspiciousOperation("Jeton signé d'une clé que le fournisseur n'annonce pas.")

    def _telecharger_les_cles(self) -> Cles:
        reponse = requests.get(self.OIDC_OP_JWKS_ENDPOINT, timeout=settings.OIDC_TIMEOUT)
        reponse.raise_for_status()
        return [dict(cle) for cle in reponse.json()["keys"]]

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


def exiger_qu_il_soit_pour_nous(attributs: dict[str, Any]) -> None:
    """Lève `SuspiciousOperation` si ces attributs sont d'un autre émetteur, ou pour un autre que nous."""
    destinataires = attributs.get("aud")
    nommes = destinataires if isinstance(destinataires, list) else [destinataires]
    if attributs.get("iss") != settings.OIDC_EMETTEUR or settings.OIDC_RP_CLIENT_ID not in nommes:
        raise SuspiciousOperation("Jeton du fournisseur d'un autre émetteur, ou pour un autre que nous.")


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
