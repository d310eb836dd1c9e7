"""Appeler l'API dans les essais : un jeton, une demande, une réponse lue."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from flux_reservations.acces.jetons import Jeton, Portee, tirer_secret

RACINE = "/api/v1"
PROBLEME = "application/problem+json"


def ouvrir(organisme_id: int, portee: Portee = Portee.ECRITURE, **options: Any) -> dict[str, str]:
    """L'en-tête d'un jeton neuf de cet organisme."""
    secret, empreinte = tirer_secret()
    Jeton.objects.create(
        organisme_id=organisme_id, usage="essai", portee=portee, empreinte=empreinte, debut=secret[:12], **options
    )
    return {"Authorization": f"Jeton {secret}"}


def demander(methode: str, chemin: str, entetes: dict[str, str], corps: Any = None, cle: str = "") -> Any:
    """La réponse de Django ; une panne de la vue est une réponse 500, pas une exception."""
    de_plus = {"Idempotency-Key": cle} if cle else {}
    donnees = {} if corps is None else {"data": json.dumps(corps), "content_type": "application/json"}
    client = Client(raise_request_exception=False)
    return client.generic(methode, f"{RACINE}{chemin}", headers=entetes | de_plus, **donnees)


def lire(chemin: str, entetes: dict[str, str]) -> Any:
    """Le JSON d'une lecture réussie."""
    reponse = demander("GET", chemin, entetes)
    assert reponse.status_code == 200, reponse.content
    return reponse.json()
