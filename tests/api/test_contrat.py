"""Toute l'API, dans chaque rôle, face à son OpenAPI (schemathesis) : aucune erreur 5xx, aucun écart au schéma.

Borné : quelques demandes par opération et par rôle, tirées d'une graine fixe. `EXEMPLES_API=500` pour une longue passe.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import Client
from django.utils.crypto import get_random_string
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as reglages
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Role
from tests.acces.matrice import BAILLEURS, PROFILS
from tests.acces.monde import Monde, batir_monde
from tests.fabriques import acteur_de

EXEMPLES = int(os.environ.get("EXEMPLES_API", "4"))
CONTROLES = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
)


@dataclass
class Terrain:
    """L'API servie sur le petit monde, et ce qui connecte chaque profil."""

    schema: Any
    connexions: dict[str, dict[str, Any]]
    monde: Monde


@pytest.fixture(scope="module")
def terrain(django_db_setup: None, django_db_blocker: Any) -> Iterator[Terrain]:
    del django_db_setup
    with django_db_blocker.unblock(), transaction.atomic():
        monde = batir_monde()
        connexions = {profil: _connecter(monde, profil) for profil in PROFILS}
        # Comme le client d'essai de Django : la fin d'une requête ne ferme pas la connexion de la transaction en cours.
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)
        schema = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", get_wsgi_application())
        yield Terrain(schema, connexions, monde)
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
        transaction.set_rollback(True)


def _connecter(monde: Monde, profil: str) -> dict[str, Any]:
    """Les témoins d'une session ouverte, et le jeton CSRF qu'une écriture exige."""
    if profil == "anonyme":
        return {}
    if profil in BAILLEURS:
        lettre, _, role = profil.partition("_")
        acteur = acteur_de(getattr(monde, f"bailleur_{lettre}"), Role(role))
    else:
        acteur = monde.acteurs[profil]
    client = Client()
    client.force_login(Utilisateur.objects.get(pk=acteur.utilisateur_id))
    csrf = get_random_string(32)
    return {
        "cookies": {settings.SESSION_COOKIE_NAME: client.session.session_key, settings.CSRF_COOKIE_NAME: csrf},
        "headers": {"X-CSRFToken": csrf, "Referer": "http://localhost/"},
    }


def operations(terrain: Terrain) -> list[Any]:
    return [resultat.ok() for resultat in terrain.schema.get_all_operations()]


@pytest.mark.django_db
def test_le_schema_dit_toutes_les_ressources(terrain: Terrain) -> None:
    chemins = {operation.path.removeprefix("/api/v1/").partition("/")[0] for operation in operations(terrain)}
    assert chemins >= {
        "bailleurs", "reservataires", "logements", "conventions", "liberations", "comptes", "bilans", "envois",
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("profil", PROFILS)
def test_l_api_tient_son_schema_dans_chaque_role(terrain: Terrain, profil: str) -> None:
    for operation in operations(terrain):
        _eprouver(operation, terrain.connexions[profil])


SANS_FAUTE_POSSIBLE = ("/reservataires/{code}/",)
"""Tout texte est un code possible : il n'y a pas de demande fautive à tirer."""


@pytest.mark.django_db
def test_une_demande_fautive_recoit_un_probleme(terrain: Terrain) -> None:
    """Des paramètres et des corps contraires au schéma : jamais une panne, toujours une réponse que le schéma annonce."""
    for operation in operations(terrain):
        if not operation.path.endswith(SANS_FAUTE_POSSIBLE):
            _eprouver(operation, terrain.connexions["a_gestionnaire"], generation_mode=GenerationMode.NEGATIVE)


def _eprouver(operation: Any, connexion: dict[str, Any], **tirage: Any) -> None:
    @seed(20261125)
    @reglages(
        max_examples=EXEMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cas=operation.as_strategy(**tirage))
    def eprouver(cas: Any) -> None:
        with transaction.atomic():
            cas.call_and_validate(checks=list(CONTROLES), **connexion)
            transaction.set_rollback(True)

    eprouver()
