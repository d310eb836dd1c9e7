"""Un vrai navigateur, une vraie application servie, un petit monde commun à toutes les pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # publié sans types
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import DEFAULT_DB_ALIAS, connection
from pytest_django.live_server_helper import LiveServer

from flux_reservations.acces.models import Utilisateur
from flux_reservations.socle.postgresql.base import en_proprietaire
from tests.acces.monde import Monde, batir_monde

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page
    from pytest_django import DjangoDbBlocker

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
REFERENTIEL = ("territoires_", "django_migrations", "django_content_type", "auth_permission")
"""Tables que les migrations remplissent : elles restent d'un module à l'autre."""
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Le navigateur et l'application se parlent par des prises locales."""
    for item in items:
        if "navigateur" in item.path.parts:
            item.add_marker(pytest.mark.enable_socket)
            item.add_marker(pytest.mark.navigateur)
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(scope="session")
def base_url() -> str:
    """Chaque essai donne l'adresse entière (et celle du greffon, que pytest 9 refuse, n'est pas lue)."""
    return ""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Le Chromium du système, s'il y en a un ; sinon celui de Playwright."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    return browser_type_launch_args | {"args": OPTIONS} | ({"executable_path": chromium} if chromium else {})


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Un écran d'ordinateur, en français."""
    return browser_context_args | {"viewport": {"width": 1360, "height": 850}, "locale": "fr-FR"}


@pytest.fixture(scope="module")
def monde(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Monde]:
    """Le petit monde, écrit pour de bon le temps d'un module (le serveur a sa propre connexion)."""
    del django_db_setup
    nom = connection.settings_dict["NAME"]
    assert nom.startswith("test_"), f"{nom} n'est pas une base d'essai : rien n'y est écrit ni vidé"
    with django_db_blocker.unblock():
        try:
            yield batir_monde()
        finally:
            _vider()
            connection.close()  # celle de la boucle de Playwright : la fin de session n'en connaît pas d'autre que la sienne


def _vider() -> None:
    tables = [table for table in connection.introspection.table_names() if not table.startswith(REFERENTIEL)]
    with en_proprietaire(DEFAULT_DB_ALIAS), connection.cursor() as curseur:
        # Un fil du serveur peut finir après lui : sa connexion empêcherait de vider, puis de supprimer la base d'essai.
        curseur.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        curseur.execute(f"TRUNCATE {', '.join(connection.ops.quote_name(table) for table in tables)} CASCADE")


@pytest.fixture(scope="module")
def serveur(monde: Monde) -> Iterator[str]:
    """L'application servie ; rend son adresse."""
    del monde
    serveur = LiveServer("127.0.0.1")
    yield str(serveur)
    serveur.stop()


@pytest.fixture(scope="module")
def sessions(monde: Monde, django_db_blocker: DjangoDbBlocker) -> dict[str, str]:
    """Une session ouverte par rôle de `monde.acteurs`, écrite hors de la transaction des essais."""
    with django_db_blocker.unblock():
        return {
            role: _ouvrir_session(Utilisateur.objects.get(pk=acteur.utilisateur_id))
            for role, acteur in monde.acteurs.items()
            if acteur.utilisateur_id is not None
        }


def _ouvrir_session(utilisateur: Utilisateur) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(utilisateur.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = utilisateur.get_session_auth_hash()
    session.create()
    return str(session.session_key)


@pytest.fixture
def entrer(sessions: dict[str, str], serveur: str, context: BrowserContext) -> Callable[[str], None]:
    """Ouvre le navigateur dans un rôle de `monde.acteurs` (« anonyme » : aucune session)."""

    def ouvrir(role: str) -> None:
        if role in sessions:
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": sessions[role], "url": serveur}])

    return ouvrir


@pytest.fixture
def examiner(page: Page) -> Callable[[], list[str]]:
    """Rend les manquements d'axe de la page ouverte, en clair puis en sombre."""

    def passer_axe() -> list[str]:
        manquements = []
        for apparence in ("light", "dark"):
            page.emulate_media(color_scheme=apparence)
            for violation in Axe().run(page).response["violations"]:
                noeuds = [noeud["html"][:160] for noeud in violation["nodes"][:3]]
                manquements.append(f"{apparence} {violation['id']} : {noeuds}")
        return manquements

    return passer_axe
