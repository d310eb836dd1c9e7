"""Les autorités à qui une convention ou une information se transmet, selon le territoire (RG-17, RG-18, RG-60)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flux_reservations.commun.autorites import METROPOLE_DE_LYON, METROPOLE_DU_GRAND_PARIS, PARIS


@dataclass(frozen=True, slots=True)
class TerritoireTouche:
    """Un territoire où le bailleur a des logements de son périmètre."""

    code: str
    nature: str
    nom: str
    siren: str
    logements: int


@dataclass(frozen=True, slots=True)
class Autorite:
    """Qui doit recevoir : le préfet du département, ou le président (le maire de Paris) du territoire."""

    territoire: str
    qualite: str
    nom: str
    logements: int


def autorites_concernees(departement: str, nom_departement: str, touches: Iterable[TerritoireTouche]) -> list[Autorite]:
    """Les autorités à informer, préfet d'abord, puis par nom de territoire.

    Un EPCI, un EPT ou la métropole de Lyon est concerné s'il couvre un logement du périmètre. Une métropole déjà comptée comme EPCI
    ne l'est pas deux fois.
    """
    touches = [touche for touche in touches if touche.logements > 0]
    total = sum(touche.logements for touche in touches if touche.code == f"departement:{departement}")
    autorites = [Autorite(f"departement:{departement}", "Préfet", nom_departement, total)]
    presidents = []
    for touche in touches:
        if touche.code == PARIS:
            presidents.append(Autorite(PARIS, "Maire de Paris", touche.nom, touche.logements))
        elif touche.nature == "ept":
            presidents.append(Autorite(touche.code, "Président de l'EPT", touche.nom, touche.logements))
        elif touche.nature == "metropole" and touche.siren == METROPOLE_DE_LYON:
            presidents.append(Autorite(touche.code, "Président de la métropole", touche.nom, touche.logements))
        elif touche.nature == "epci" and touche.siren not in {METROPOLE_DU_GRAND_PARIS, METROPOLE_DE_LYON}:
            presidents.append(Autorite(touche.code, "Président de l'EPCI", touche.nom, touche.logements))
    return autorites + sorted(presidents, key=lambda autorite: autorite.nom)
