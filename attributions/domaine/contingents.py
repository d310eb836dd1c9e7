"""Le code de contingent d'imputation, tel que le répertoire et le SNE le connaissent (RG-02)."""

from __future__ import annotations

from conventions.domaine.codes import COLLECTIVITES, SousContingent, TypeReservataire

CONTINGENTS = {
    1: "État, agents",
    2: "État, prioritaires",
    3: "Employeurs, Action Logement",
    4: "Collectivités territoriales",
    5: "Réservations ministérielles",
    6: "Autres réservataires",
    7: "Non réservé",
}
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
        return 7
    if type_du_reservataire == TypeReservataire.ETAT:
        return 1 if sous_contingent == SousContingent.AGENTS else 2
    return _PAR_TYPE.get(TypeReservataire(type_du_reservataire), 6)
