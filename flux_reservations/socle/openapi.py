"""Ce que le document OpenAPI dit des erreurs : toute opération peut répondre un `application/problem+json` (formats.md § 3)."""

from __future__ import annotations

from typing import Any, Final

from flux_reservations.socle.problemes import TITRES, TYPE_PROBLEME

_TOUTES: Final = (401, 403, 404, 406, 429)
_EN_LECTURE_DE_LISTE: Final = (400,)
_EN_ECRITURE: Final = (400, 409, 413, 415, 422)
PROBLEME: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Une erreur (RFC 9457) : ce qui s'est passé, pourquoi, que faire.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "Le genre d'erreur, en peu de mots."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "Ce qui s'oppose à la demande, et le remède."},
        "code": {"type": "string", "description": "Code stable, pour un programme."},
        "regle": {"type": "string", "description": "Règle de gestion qui refuse (« RG-41 »)."},
        "champ": {"type": "string", "description": "Champ en cause, s'il y en a un seul."},
        "champs": {"type": "object", "additionalProperties": {}, "description": "Messages par champ fautif."},
    },
    "required": ["type", "title", "status", "detail"],
    "additionalProperties": False,
}


def decrire_les_erreurs(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Crochet de drf-spectacular : ajoute à chaque opération les réponses d'erreur qu'elle peut faire."""
    result["components"]["schemas"]["Probleme"] = PROBLEME
    for chemin, operations in result["paths"].items():
        for methode, operation in operations.items():
            en_plus = _EN_ECRITURE if methode != "get" else () if chemin.endswith("}/") else _EN_LECTURE_DE_LISTE
            for statut in sorted({*_TOUTES, *en_plus}):
                operation["responses"].setdefault(
                    str(statut),
                    {
                        "description": TITRES[statut],
                        "content": {TYPE_PROBLEME: {"schema": {"$ref": "#/components/schemas/Probleme"}}},
                    },
                )
    return result
