"""Le navigateur d'une personne en clair : « Chrome sur Linux », et non la phrase qu'il envoie aux serveurs."""

from __future__ import annotations

import re
from typing import Final

_NAVIGATEURS: Final = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("HeadlessChrome", "Chrome"),
    ("Chrome", "Chrome"),
    ("Version", "Safari"),
)
"""Ce qui annonce un navigateur, dans l'ordre : Edge et Opera se disent aussi Chrome, et Chrome se dit Safari."""
_SYSTEMES: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
"""De même : un Android se dit aussi Linux."""
_PROGRAMME: Final = re.compile(r"[\w.+-]{2,40}")


def nommer_navigateur(agent: str) -> str:
    """Le navigateur et son système ; le nom d'un programme qui n'en est pas un ; vide si rien n'est dit.

    `agent` est l'en-tête User-Agent, que chacun écrit comme il veut : c'est un repère pour reconnaître ses sessions, pas une preuve.
    """
    navigateur = next((nom for signe, nom in _NAVIGATEURS if f"{signe}/" in agent), "")
    systeme = next((nom for signe, nom in _SYSTEMES if signe in agent), "")
    if navigateur:
        return f"{navigateur} sur {systeme}" if systeme else navigateur
    if systeme:
        return f"Navigateur inconnu sur {systeme}"
    programme = _PROGRAMME.match(agent.strip())
    return f"Programme {programme[0]}" if programme else ""
