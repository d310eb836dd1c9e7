"""Réglages communs des essais : rien n'est toléré en silence.

Un avertissement est une erreur et le réseau est fermé (`pyproject.toml`) ; une variable de gabarit inconnue est un échec ;
l'ordre est aléatoire ; l'horloge est libre : qui dépend de la date la fixe lui-même.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from hypothesis import HealthCheck, settings

# Une machine chargée n'est pas un défaut : pas de délai par exemple, et l'intégration rejoue les mêmes exemples.
settings.register_profile("projet", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("integration", settings.get_profile("projet"), derandomize=True)
settings.load_profile("integration" if os.environ.get("CI") else "projet")

TABLES_DES_MIGRATIONS = ("territoires_", "django_migrations", "django_content_type", "auth_permission")


@pytest.fixture(autouse=True, scope="session")
def _garder_ce_que_les_migrations_ont_ecrit() -> Iterator[None]:
    """Un essai à vraies transactions vide les tables à sa fin, sauf celles que les migrations remplissent."""
    introspection = connection.introspection
    noms = introspection.django_table_names

    def sans_le_referentiel(*args: Any, **options: Any) -> list[str]:
        return [nom for nom in noms(*args, **options) if not nom.startswith(TABLES_DES_MIGRATIONS)]

    with pytest.MonkeyPatch.context() as rustine:
        rustine.setattr(introspection, "django_table_names", sans_le_referentiel)
        yield


@pytest.fixture(autouse=True)
def _oublier_le_cache() -> Iterator[None]:
    """Ce qu'un essai a mis en cache n'en aide aucun autre."""
    yield
    cache.clear()
