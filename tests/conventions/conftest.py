"""Un bailleur, son responsable et son écran : ce dont partent les essais qui n'en demandent pas de particulier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conventions.models import Bailleur
from flux_reservations.commun.acteur import Acteur, Role
from tests.fabriques import acteur_de, creer_bailleur, creer_etat, creer_logement, creer_utilisateur

if TYPE_CHECKING:
    from django.test import Client


@pytest.fixture
def bailleur() -> Bailleur:
    """Un logement à Créteil, et le préfet."""
    bailleur = creer_bailleur()
    creer_logement(bailleur)
    creer_etat()
    return bailleur


@pytest.fixture
def responsable(bailleur: Bailleur) -> Acteur:
    return acteur_de(bailleur, Role.RESPONSABLE)


@pytest.fixture
def ecran(client: Client, bailleur: Bailleur) -> Client:
    """Le responsable, connecté."""
    client.force_login(creer_utilisateur(bailleur, Role.RESPONSABLE))
    return client
