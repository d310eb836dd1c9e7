"""Les contingents du répertoire (RPLS) et du SNE, et qui en est titulaire (RG-02)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from conventions.domaine.codes import COLLECTIVITES, SousContingent, TypeReservataire

CONTINGENTS: Final[Mapping[int, str]] = {
    1: "État, agents",
    2: "État, prioritaires",
    3: "Employeurs, Action Logement",
    4: "Collectivités territoriales",
    5: "Réservations ministérielles",
    6: "Autres réservataires",
    7: "Non réservé",
}
NON_RESERVE: Final = 7
_PAR_TYPE = {
    TypeReservataire.ACTION_LOGEMENT: 3,
    TypeReservataire.EMPLOYEUR: 3,
    TypeReservataire.DEFENSE: 5,
    TypeReservataire.SECURITE_INTERIEURE: 5,
    **dict.fromkeys(COLLECTIVITES, 4),
}


def code_contingent(type_du_reservataire: str, sous_contingent: str) -> int:
    """1 à 7 ; sans réservataire, 7 (non réservé). Le repli de l'État sert ses prioritaires (RG-19)."""
    if not type_du_reservataire:
        return NON_RESERVE
    if type_du_reservataire == TypeReservataire.ETAT:
        return 1 if sous_contingent == SousContingent.AGENTS else 2
    return _PAR_TYPE.get(TypeReservataire(type_du_reservataire), 6)


def contingents_possibles(type_du_reservataire: str) -> frozenset[int]:
    """Contingents que le répertoire peut déclarer pour un droit en stock de ce type : celui de l'État ne dit pas agents ou prioritaires."""
    return (
        frozenset({1, 2})
        if type_du_reservataire == TypeReservataire.ETAT
        else frozenset({code_contingent(type_du_reservataire, "")})
    )


def types_titulaires(contingent: int) -> frozenset[str]:
    """Types de réservataires qui peuvent tenir ce contingent ; aucun pour « non réservé »."""
    return frozenset(un.value for un in TypeReservataire if contingent in contingents_possibles(un))
