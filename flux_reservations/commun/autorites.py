"""Les collectivités à qui les conventions de leur territoire se transmettent, reconnues au code de leur territoire (RG-17)."""

from __future__ import annotations

from typing import Final

METROPOLE_DU_GRAND_PARIS: Final = "200054781"
"""SIREN : dans la métropole du Grand Paris, c'est l'EPT (ou le maire de Paris) qui reçoit, pas la métropole."""
METROPOLE_DE_LYON: Final = "200046977"
PARIS: Final = "commune:75056"
DEPARTEMENT_DE_PARIS: Final = "departement:75"
"""Paris est une commune et un département : c'est la même collectivité, sous l'un ou l'autre code."""


def autorite_du_territoire(territoire: str) -> str:
    """Le territoire au nom duquel cette collectivité reçoit ; vide si rien ne lui est transmis (RG-17).

    Reçoivent : un EPCI, un EPT, la métropole de Lyon, Paris. Une autre commune, un département, une région, la métropole du Grand Paris
    ont des droits de réservation, pas de territoire à suivre. Une métropole est aussi un EPCI : son code est le même sous les deux noms.
    """
    nature, _, siren = territoire.partition(":")
    if territoire in {PARIS, DEPARTEMENT_DE_PARIS}:
        return PARIS
    if nature == "ept":
        return territoire
    if nature not in {"epci", "metropole"} or siren == METROPOLE_DU_GRAND_PARIS:
        return ""
    return f"metropole:{siren}" if siren == METROPOLE_DE_LYON else f"epci:{siren}"


def autres_noms(autorite: str) -> set[str]:
    """Les codes de territoire sous lesquels la collectivité d'une autorité peut être inscrite, le sien compris."""
    if autorite == PARIS:
        return {PARIS, DEPARTEMENT_DE_PARIS}
    nature, _, siren = autorite.partition(":")
    return {f"epci:{siren}", f"metropole:{siren}"} if nature in {"epci", "metropole"} else {autorite}
