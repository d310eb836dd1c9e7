"""Les exemples de la documentation, chargés de là où ils sont livrés."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"


def charger(nom: str) -> ModuleType:
    """Le module `docs/exemples/NOM.py`, sous le nom que les exemples importent."""
    if nom not in sys.modules:
        description = importlib.util.spec_from_file_location(nom, DOCS / "exemples" / f"{nom}.py")
        assert description is not None
        assert description.loader is not None
        module = importlib.util.module_from_spec(description)
        sys.modules[nom] = module
        description.loader.exec_module(module)
    return sys.modules[nom]


def charger_client() -> ModuleType:
    """Le client d'exemple."""
    return charger("client")


def charger_recepteur() -> ModuleType:
    """Le récepteur d'exemple, qui importe le client."""
    charger("client")
    return charger("recepteur")


verifier_appel: Any = charger_client().verifier_appel
