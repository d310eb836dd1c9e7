"""Apprendre du fournisseur d'identité qu'une personne s'est déconnectée de lui (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

import logging
import math
import time
from contextlib import suppress
from typing import Any, Final

import jwt
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import SuspiciousOperation
from django.db import transaction

from flux_reservations.acces.models import IdentiteExterne
from flux_reservations.acces.oidc import FournisseurBackend, exiger_qu_il_soit_pour_nous
from flux_reservations.acces.sessions import revoquer_sessions
from flux_reservations.socle import rls

logger = logging.getLogger(__name__)

DECONNEXION_A_DISTANCE: Final = "http://schemas.openid.net/event/backchannel-logout"
"""L'événement que porte un jeton de déconnexion (§ 2.4)."""
FRAICHEUR: Final = 600
"""Secondes après son émission (`iat`) pendant lesquelles un jeton de déconnexion se reçoit."""
FIN_AU_PLUS: Final = 24 * 3600
"""Secondes d'ici à la fin (`exp`) d'un jeton, au plus : son numéro se garde jusque-là."""
LONGUEUR_AU_PLUS: Final = 16_384
REFUS_AU_PLUS: Final = 20
"""Jetons refusés d'une même adresse avant de ne plus la lire ; le fournisseur, dont les jetons sont bons, n'est jamais arrêté."""
FENETRE: Final = 60
"""Secondes sur lesquelles les refus se comptent."""


@rls.identifie
def deconnecter_a_distance(jeton: str) -> int:
    """Le fournisseur dit qu'une personne s'est déconnectée de lui : ferme toutes ses sessions ici ; rend combien.

    `SuspiciousOperation` si le jeton n'est pas de lui, pas pour nous, pas une déconnexion, trop vieux, sans date, ne nomme personne ou
    a déjà servi ; `FournisseurMuet` si sa signature ne peut pas être vérifiée à l'instant.

    La forme se lit d'abord : un jeton quelconque ne fait pas appeler le fournisseur. Le numéro du jeton n'est gardé qu'une
    fois les sessions fermées : si la base échoue, il peut resservir.
    """
    _examiner(jeton)
    attributs = FournisseurBackend().verify_token(jeton)
    numero = f"deconnexion:{attributs['jti']}"
    if cache.get(numero):
        raise SuspiciousOperation("Ce jeton de déconnexion a déjà servi.")
    with transaction.atomic():
        identite = IdentiteExterne.objects.filter(emetteur=settings.OIDC_EMETTEUR, sujet=attributs["sub"]).first()
        fermees = revoquer_sessions(identite.utilisateur_id) if identite else 0
    cache.set(numero, 1, math.ceil(attributs["exp"] - time.time()) + 1)
    logger.info("déconnexion dite par le fournisseur d'identité, sessions fermées=%s", fermees)
    return fermees


def _examiner(jeton: str) -> None:
    """Ce qu'un jeton doit dire, lu sans le croire ; lève `SuspiciousOperation`."""
    try:
        if len(jeton) > LONGUEUR_AU_PLUS:
            raise SuspiciousOperation("Jeton de déconnexion trop long.")
        algorithme = jwt.get_unverified_header(jeton).get("alg")
        attributs: dict[str, Any] = jwt.decode(jeton, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError) as erreur:
        raise SuspiciousOperation("Jeton de déconnexion illisible.") from erreur
    if algorithme != settings.OIDC_RP_SIGN_ALGO:
        raise SuspiciousOperation("Jeton de déconnexion signé autrement que convenu.")
    exiger_qu_il_soit_pour_nous(attributs)
    evenements = attributs.get("events")
    if "nonce" in attributs or not isinstance(evenements, dict) or DECONNEXION_A_DISTANCE not in evenements:
        raise SuspiciousOperation("Ce jeton ne dit pas une déconnexion.")
    if not all(isinstance(attributs.get(nom), str) and attributs[nom] for nom in ("sub", "jti")):
        raise SuspiciousOperation(
            "Ce jeton de déconnexion ne nomme pas de personne (`sub`) ou n'a pas de numéro (`jti`)."
        )
    emis, fin = attributs.get("iat"), attributs.get("exp")
    if not isinstance(emis, int | float) or not isinstance(fin, int | float):
        raise SuspiciousOperation("Ce jeton de déconnexion ne dit pas quand il est émis (`iat`) ou finit (`exp`).")
    maintenant = time.time()
    if not (maintenant - FRAICHEUR <= emis <= fin and 0 < fin - maintenant <= FIN_AU_PLUS):
        raise SuspiciousOperation("Ce jeton de déconnexion est trop vieux, expiré ou finit trop tard.")


def est_arretee(adresse: str) -> bool:
    """Vrai si trop de jetons de cette adresse IP ont été refusés depuis une minute."""
    return bool(cache.get(_refus_de(adresse), 0) >= REFUS_AU_PLUS)


def compter_un_refus(adresse: str) -> None:
    """Compte un jeton refusé de cette adresse IP."""
    cache.add(_refus_de(adresse), 0, FENETRE)
    with suppress(ValueError):  # la minute vient de finir
        cache.incr(_refus_de(adresse))


def _refus_de(adresse: str) -> str:
    return f"deconnexion:refus:{adresse}"
