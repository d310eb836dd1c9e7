"""Confirmer un acte comme un navigateur : la page d'abord, puis ce que son formulaire porte."""

from __future__ import annotations

import re

from django.test import Client


def empreinte_portee(client: Client, adresse: str) -> dict[str, str]:
    """Ce que le formulaire de cette page dit avoir lu."""
    portee = re.search(r'name="empreinte_lue" value="([0-9a-f]{64})"', client.get(adresse).content.decode())
    assert portee, f"{adresse} ne porte pas l'empreinte de ce qu'on y lit"
    return {"empreinte_lue": portee[1]}
