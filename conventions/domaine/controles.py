"""Un contrôle : la règle, le niveau, le message, et de quoi retrouver ce qui l'a fait naître."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Niveau(StrEnum):
    """Gravité d'un contrôle : `bloquant` empêche de signer dans l'application (RG-14)."""

    OK = "ok"
    ALERTE = "alerte"
    BLOQUANT = "bloquant"


@dataclass(frozen=True, slots=True)
class Controle:
    """Ce qu'un contrôle a trouvé. `conventions` et `liberations` : identifiants des lignes en cause, pour les déplier."""

    regle: str
    niveau: Niveau
    message: str
    conventions: tuple[int, ...] = ()
    liberations: tuple[int, ...] = ()
