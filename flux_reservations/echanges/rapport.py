"""Le compte rendu d'un import : ce qui a été lu, ce qui change, ce qui est refusé, avec son remède (formats.md § 2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LIMITE_ANOMALIES = 1000
"""Anomalies gardées par fichier ; au-delà, une dernière ligne dit combien il en reste."""
LIMITE_CHANGEMENTS = 2000
"""Changements gardés par fichier pour la prévisualisation."""
_LONGUEUR_VALEUR = 200
_LONGUEUR_MESSAGE = 2000


@dataclass(frozen=True, slots=True)
class Anomalie:
    """Une erreur ou un avertissement. `ligne` 1 est l'en-tête ; vide si l'anomalie vise le fichier entier."""

    fichier: str
    ligne: int | None
    colonne: str
    valeur: str
    message: str
    est_nominative: bool = False
    """Vrai si `valeur` désigne une personne : elle se lit sur le moment, elle ne se garde pas (RG-70)."""

    def en_json(self) -> dict[str, Any]:
        """Objet du contrat."""
        return {
            "fichier": self.fichier,
            "ligne": self.ligne,
            "colonne": _abreger(self.colonne),
            "valeur": _abreger(self.valeur),
            "message": _abreger(self.message, _LONGUEUR_MESSAGE),
        }

    def __str__(self) -> str:
        lieu = self.fichier + (f", ligne {self.ligne}" if self.ligne else "")
        lieu += f", colonne {_abreger(self.colonne)}" if self.colonne else ""
        valeur = f" (« {_abreger(self.valeur)} »)" if self.valeur else ""
        message = _abreger(self.message, _LONGUEUR_MESSAGE)
        return f"{lieu}{valeur} : {message}" if lieu else message


def _abreger(texte: str, longueur: int = _LONGUEUR_VALEUR) -> str:
    """Le texte, coupé s'il est démesuré : une cellule d'un mégaoctet ne remplit pas le rapport."""
    return texte if len(texte) <= longueur else f"{texte[:longueur]}…"


@dataclass(frozen=True, slots=True)
class Changement:
    """Ce qu'une ligne change : `nature` vaut `cree` ou `modifie`, `champs` donne (avant, après) par colonne."""

    fichier: str
    ligne: int
    tableau: str
    cle: str
    nature: str
    champs: dict[str, tuple[str, str]]


@dataclass(slots=True)
class FichierLu:
    """Ce qu'un fichier a donné ; les comptes sont des lignes du fichier."""

    fichier: str
    type: str
    lignes: int = 0
    crees: int = 0
    modifies: int = 0
    inchanges: int = 0
    erreurs: int = 0
    fiches: int = 0
    """Logements dont le contingent ou le bail en cours change d'après le RPLS, que leur ligne change ou non."""

    def en_json(self) -> dict[str, Any]:
        """Objet du contrat."""
        return {
            "fichier": self.fichier,
            "type": self.type,
            "lignes": self.lignes,
            "crees": self.crees,
            "modifies": self.modifies,
            "inchanges": self.inchanges,
        }


@dataclass(slots=True)
class Rapport:
    """Tout ce qu'un import a fait, ou ferait. Avec une erreur, rien n'est écrit."""

    fichiers: list[FichierLu] = field(default_factory=list)
    avertissements: list[Anomalie] = field(default_factory=list)
    erreurs: list[Anomalie] = field(default_factory=list)
    changements: list[Changement] = field(default_factory=list)
    a_confirmer: dict[str, int] = field(default_factory=dict)
    """Par motif hors champ que MODE pose, le nombre de logements : une personne le confirme à l'écran."""
    mal_compris: bool = False
    """Vrai si une colonne, ou un fichier entier, n'a pas été compris : à l'écran, une personne dit ce que c'est."""
    applique: bool = False

    @property
    def est_accepte(self) -> bool:
        """Vrai si rien ne s'oppose à l'import."""
        return not self.erreurs

    @property
    def change_quelque_chose(self) -> bool:
        """Vrai si au moins une ligne crée ou modifie."""
        return any(fichier.crees or fichier.modifies for fichier in self.fichiers)

    def refuser(
        self,
        fichier: str,
        message: str,
        *,
        ligne: int | None = None,
        colonne: str = "",
        valeur: str = "",
        est_nominative: bool = False,
    ) -> None:
        """Ajoute une erreur."""
        self.erreurs.append(Anomalie(fichier, ligne, colonne, valeur, message, est_nominative))

    def avertir(
        self,
        fichier: str,
        message: str,
        *,
        ligne: int | None = None,
        colonne: str = "",
        valeur: str = "",
        est_nominative: bool = False,
    ) -> None:
        """Ajoute un avertissement."""
        self.avertissements.append(Anomalie(fichier, ligne, colonne, valeur, message, est_nominative))

    def en_json(self) -> dict[str, Any]:
        """Objet du contrat (formats.md § 2)."""
        return {
            "fichiers": [fichier.en_json() for fichier in self.fichiers],
            "avertissements": [anomalie.en_json() for anomalie in self.avertissements],
            "erreurs": [anomalie.en_json() for anomalie in self.erreurs],
        }
