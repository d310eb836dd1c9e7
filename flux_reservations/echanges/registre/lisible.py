"""Ce qu'on lit d'un rapport d'import à l'écran : les organismes qui manquent au registre, les territoires par leur nom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flux_reservations.echanges.references import RESERVATAIRE_INCONNU
from flux_reservations.territoires.models import Territoire

_CHAMP = "territoire"


def organismes_inconnus(rapport: Mapping[str, Any]) -> list[str]:
    """Codes de réservataires, dans l'ordre du rapport et sans répétition, que l'import n'a pas trouvés au registre."""
    fautes = (une for une in rapport.get("erreurs", []) if une["message"].startswith(RESERVATAIRE_INCONNU))
    return list(dict.fromkeys(une["valeur"] for une in fautes))


def nommer_les_territoires(changements: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Les changements d'un rapport, chaque code de territoire (`departement:94`) remplacé par son nom, en une requête au plus."""
    champs = [champ for un in changements for champ in un["champs"] if champ["champ"] == _CHAMP]
    codes = {champ[sens] for champ in champs for sens in ("avant", "apres")} - {""}
    noms = {un.pk: str(un) for un in Territoire.objects.filter(pk__in=codes)} if codes else {}
    return [
        {**un, "champs": [_nommer(champ, noms) if champ["champ"] == _CHAMP else champ for champ in un["champs"]]}
        for un in changements
    ]


def _nommer(champ: Mapping[str, Any], noms: Mapping[str, str]) -> dict[str, Any]:
    return {
        **champ,
        "avant": noms.get(champ["avant"], champ["avant"]),
        "apres": noms.get(champ["apres"], champ["apres"]),
    }
