"""Connexion par un fournisseur d'identité (ProConnect ou tout OIDC) : il dit qui est la personne, l'application dit ce qu'elle peut."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from flux_reservations.acces.models import IdentiteExterne, Utilisateur
from flux_reservations.socle import rls

logger = logging.getLogger(__name__)


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
