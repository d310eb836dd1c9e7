"""Le logiciel que les essais des appels automatiques font appeler."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.echanges.logiciel import Logiciel


@pytest.fixture
def logiciel(settings: Any) -> Iterator[Logiciel]:
    settings.WEBHOOKS_ADRESSES_PRIVEES = True
    un = Logiciel()
    yield un
    un.serveur.shutdown()
    un.serveur.server_close()
