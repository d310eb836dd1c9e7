"""Ce qu'un import refusé cite et que le registre n'a pas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flux_reservations.echanges.references import RESERVATAIRE_INCONNU


def organismes_inconnus(rapport: Mapping[str, Any]) -> list[str]:
    """Codes de réservataires, dans l'ordre du rapport et sans répétition, que l'import n'a pas trouvés au registre."""
    fautes = (une for une in rapport.get("erreurs", []) if une["message"].startswith(RESERVATAIRE_INCONNU))
    return list(dict.fromkeys(une["valeur"] for une in fautes))
