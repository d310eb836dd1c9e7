"""Ce qu'on dit d'une règle à l'écran : son énoncé, ses valeurs à une date, son article, son code, ses écrans, ses essais."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flux_reservations.droit.parametre import Certitude
from flux_reservations.droit.regle import Regle
from flux_reservations.droit.regles import CHAPITRES, lire_valeur, parametres_de, resumer
from flux_reservations.socle.matrice import LigneDeMatrice, lire_matrice


def resumer_regle(numero: str) -> str:
    """L'énoncé de la règle en une phrase ; vide si elle n'est pas décrite."""
    return resumer(numero)


@dataclass(frozen=True, slots=True)
class ValeurLue:
    """Un paramètre lu à une date : ce qu'il vaut, depuis quand (vide si toujours) et d'où cela vient."""

    libelle: str
    valeur: str
    source: str
    certitude: Certitude
    depuis: date | None


@dataclass(frozen=True, slots=True)
class RegleLue:
    """Une règle, ses valeurs à une date, et ce qui l'applique, la montre et la prouve."""

    regle: Regle
    valeurs: tuple[ValeurLue, ...]
    matrice: LigneDeMatrice


@dataclass(frozen=True, slots=True)
class ChapitreLu:
    """Un chapitre de la page « Règles »."""

    titre: str
    regles: tuple[RegleLue, ...]


def lire_chapitres(le: date) -> tuple[ChapitreLu, ...]:
    """Toutes les règles, telles qu'elles s'appliquent à cette date (RG-38)."""
    matrice = {ligne.numero: ligne for ligne in lire_matrice()}
    return tuple(
        ChapitreLu(
            chapitre.titre,
            tuple(RegleLue(regle, _valeurs(regle.numero, le), matrice[regle.numero]) for regle in chapitre.regles),
        )
        for chapitre in CHAPITRES
    )


def _valeurs(numero: str, le: date) -> tuple[ValeurLue, ...]:
    valeurs = []
    for parametre in parametres_de(numero):
        versions = [version for version in parametre.versions if version.depuis <= le] or [parametre.versions[0]]
        version = versions[-1]
        depuis = version.depuis if version.depuis.year > 1 else None
        valeurs.append(
            ValeurLue(parametre.libelle, lire_valeur(parametre, le), str(version.source), parametre.certitude, depuis)
        )
    return tuple(valeurs)
