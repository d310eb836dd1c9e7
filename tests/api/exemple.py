"""Le client d'exemple de la documentation, chargé de là où il est livré."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"


def charger_client() -> ModuleType:
    """Le module `docs/exemples/client.py`, sous le nom que les exemples importent."""
    if "client" not in sys.modules:
        description = importlib.util.spec_from_file_location("client", DOCS / "exemples" / "client.py")
        assert description is not None
        assert description.loader is not None
        module = importlib.util.module_from_spec(description)
        sys.modules["client"] = module
        description.loader.exec_module(module)
    return sys.modules["client"]


verifier_appel: Any = charger_client().verifier_appel
