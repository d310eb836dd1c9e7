"""Le rapport qu'on garde d'un import : l'objet du contrat et les premiers changements, sans rien qui désigne un demandeur (RG-70)."""

from __future__ import annotations

import re
from typing import Any, Final

from flux_reservations.echanges.rapport import Anomalie, Changement, Rapport
from flux_reservations.echanges.tableaux import TABLEAUX

CHANGEMENTS_GARDES: Final = 300
MASQUE: Final = "•••"
FORME_D_UN_NUMERO: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9](?=(?:[0-9A-Za-z]*[0-9]){11})[0-9A-Za-z]{14,39}|[0-9](?:[ .\u00a0\u202f-]?[0-9]){14,39})(?![0-9A-Za-z])"
)
"""Ce qui a la forme d'un numéro de demande (dix-huit caractères, presque tous des chiffres), espacé ou non, à une coquille près.

Un SIREN, un SIRET, un identifiant RPLS ou une date n'y ressemblent pas : ils restent lisibles.
"""
FORME_LARGE: Final = re.compile(r"[0-9][0-9A-Za-z]{8,39}")
"""Dans un fichier de demandes, tout ce qui pourrait être un numéro tronqué."""
NOMINATIVES: Final = {tableau.nom: tableau.nominatives for tableau in TABLEAUX if tableau.nominatives}


def presenter_rapport(rapport: Rapport) -> dict[str, Any]:
    """Le rapport à garder : l'objet du contrat, et les premiers changements ligne à ligne."""
    demandes = {fichier.fichier for fichier in rapport.fichiers if fichier.type in NOMINATIVES}
    return rapport.en_json() | {
        "erreurs": [_garder_anomalie(une, demandes) for une in rapport.erreurs],
        "avertissements": [_garder_anomalie(une, demandes) for une in rapport.avertissements],
        "changements": [_garder_changement(un) for un in rapport.changements[:CHANGEMENTS_GARDES]],
        "a_confirmer": rapport.a_confirmer,
        "mal_compris": rapport.mal_compris,
        "fiches": sum(fichier.fiches for fichier in rapport.fichiers),
        "changements_en_tout": sum(fichier.crees + fichier.modifies for fichier in rapport.fichiers),
    }


def masquer(texte: str, *, large: bool = False) -> str:
    """Le texte, où ce qui a la forme d'un numéro de demande n'est que des points."""
    texte = FORME_D_UN_NUMERO.sub(MASQUE, texte)
    return FORME_LARGE.sub(MASQUE, texte) if large else texte


def _garder_anomalie(une: Anomalie, demandes: set[str]) -> dict[str, Any]:
    objet, large = une.en_json(), une.fichier in demandes
    for nom in ("colonne", "valeur", "message"):
        if une.est_nominative and une.valeur.strip():
            objet[nom] = objet[nom].replace(une.valeur.strip(), MASQUE)
        objet[nom] = masquer(objet[nom], large=large)
    if une.est_nominative and objet["valeur"]:
        objet["valeur"] = MASQUE
    return objet


def _garder_changement(un: Changement) -> dict[str, Any]:
    nominatives = NOMINATIVES.get(un.tableau, frozenset())
    large = bool(nominatives)

    def garder(champ: str, texte: str) -> str:
        return MASQUE if texte and champ in nominatives else masquer(texte, large=large)

    return {
        "fichier": un.fichier,
        "ligne": un.ligne,
        "cle": MASQUE if nominatives else masquer(un.cle),
        "nature": un.nature,
        "champs": [
            {"champ": champ, "avant": garder(champ, avant), "apres": garder(champ, apres)}
            for champ, (avant, apres) in un.champs.items()
        ],
    }
