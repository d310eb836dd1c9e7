"""Greffon de pytest (`-p flux_reservations.embarque.greffon_pytest`) : de vrais PostgreSQL et Valkey pour les essais.

Il passe avant pytest-django, qui lit les réglages : `DATABASE_URL` et `REDIS_URL`, s'ils sont vides, désignent des serveurs
embarqués, arrêtés à la fin. Les ouvriers de xdist héritent de l'environnement et n'en lancent pas d'autres.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from flux_reservations.embarque.dossiers import dossier_temporaire
from flux_reservations.embarque.modele import copier_le_modele
from flux_reservations.embarque.postgresql import BASE, PostgreSQL
from flux_reservations.embarque.service import Service
from flux_reservations.embarque.valkey import Valkey

SANS_EXECUTION = {"--help", "-h", "--version", "-V", "--collect-only", "--co", "--markers", "--fixtures"}
MODELE_POUR_LES_ESSAIS = "BASE_MODELE"
MODELE = "flux_modele"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Démarre ce qui manque, et demande son arrêt à la fin de la session."""
    if SANS_EXECUTION & set(args):
        return
    pile = ExitStack()
    early_config.add_cleanup(pile.close)
    if not os.environ.get("DATABASE_URL"):
        serveur = PostgreSQL(_dossier(pile), durable=False)
        est_migre = copier_le_modele(serveur)
        _demarrer(pile, serveur, "DATABASE_URL", serveur.url)
        if est_migre:
            _mettre_le_modele_a_part(serveur)
            os.environ[MODELE_POUR_LES_ESSAIS] = MODELE
            pile.callback(os.environ.pop, MODELE_POUR_LES_ESSAIS, None)
    if not os.environ.get("REDIS_URL"):
        courtier = Valkey(_dossier(pile), durable=False)
        _demarrer(pile, courtier, "REDIS_URL", courtier.url)


def _mettre_le_modele_a_part(serveur: PostgreSQL) -> None:
    """PostgreSQL refuse de recopier une base à laquelle un autre ouvrier est connecté : personne ne se connecte à celle-ci."""
    with psycopg.connect(serveur.url_d_administration, autocommit=True) as connexion:
        connexion.execute(f"ALTER DATABASE {BASE} RENAME TO {MODELE}")
        connexion.execute(f"CREATE DATABASE {BASE}")


def _dossier(pile: ExitStack) -> Path:
    return pile.enter_context(dossier_temporaire())


def _demarrer(pile: ExitStack, service: Service, variable: str, url: str) -> None:
    pile.callback(service.arreter)
    service.demarrer()
    os.environ[variable] = url
    pile.callback(os.environ.pop, variable, None)
