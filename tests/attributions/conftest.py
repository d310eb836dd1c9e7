"""Ce que partagent les essais des attributions."""

from __future__ import annotations

import pytest

from tests.attributions.dossier import Dossier, creer_dossier


@pytest.fixture
def dossier(db: None) -> Dossier:
    """Un logement disponible le 3 mars 2025, orienté vers la CAF ce jour-là."""
    del db
    return creer_dossier()
