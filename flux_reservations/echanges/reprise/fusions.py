"""Les cellules fusionnées d'un XLSX : leur valeur n'est écrite que dans la première, elle vaut pour toutes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from flux_reservations.echanges.lecture.analyseur import Analyseur
from flux_reservations.echanges.lecture.classeur import BLOC, trouver_feuille
from flux_reservations.echanges.lecture.feuille import rang_de_colonne
from flux_reservations.echanges.lecture.source import FichierIllisible
from flux_reservations.echanges.lecture.xlsx import ERREURS_DE_CLASSEUR, REMEDE

LIGNES_MAXIMALES: Final = 50_000
CELLULES_AU_PLUS: Final = 200_000
"""Au-delà, les fusions d'une feuille ne sont pas étendues : ce n'est pas un tableur fait à la main."""
PLAGES_AU_PLUS: Final = 20_000
_PLAGE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})")

Plage = tuple[int, int, int, int]


def lire_les_fusions(chemin: Path) -> list[Plage]:
    """Plages fusionnées de la première feuille : (première ligne, première colonne, dernière ligne, dernière colonne), à partir de 0.

    Lève `FichierIllisible` : plage à l'envers, au-delà de `LIGNES_MAXIMALES`, ou plus de `PLAGES_AU_PLUS` plages.
    """
    plages: dict[Plage, None] = {}

    def ouvrir(nom: str, attributs: Mapping[str, str]) -> None:
        if nom.rpartition(":")[2] == "mergeCell" and (trouve := _PLAGE.fullmatch(attributs.get("ref", ""))):
            plages[_lire_une_plage(*trouve.groups())] = None
            if len(plages) > PLAGES_AU_PLUS:
                message = f"Cette feuille a plus de {PLAGES_AU_PLUS} fusions de cellules : annulez-les, ou exportez-la en CSV."
                raise FichierIllisible(message)

    analyseur = Analyseur(ouvrir, _rien, _rien)
    try:
        with zipfile.ZipFile(chemin) as archive, archive.open(trouver_feuille(archive)[0]) as membre:
            while bloc := membre.read(BLOC):
                analyseur.lire(bloc)
        analyseur.finir()
    except ERREURS_DE_CLASSEUR as erreur:
        message = f"Ce classeur est abîmé : {REMEDE}."
        raise FichierIllisible(message) from erreur
    return list(plages)


def _lire_une_plage(gauche: str, haut: str, droite: str, bas: str) -> Plage:
    plage = (int(haut) - 1, rang_de_colonne(gauche), int(bas) - 1, rang_de_colonne(droite))
    if plage[0] < 0 or plage[2] < plage[0] or plage[3] < plage[1]:
        message = f"La fusion de cellules {gauche}{haut}:{droite}{bas} est à l'envers : {REMEDE}."
        raise FichierIllisible(message)
    if plage[2] >= LIGNES_MAXIMALES:
        message = f"La fusion de cellules {gauche}{haut}:{droite}{bas} va au-delà de la ligne {LIGNES_MAXIMALES} : annulez-la."
        raise FichierIllisible(message)
    return plage


def _rien(*_: object) -> None:
    """Ce qu'on ne lit pas."""


def etendre(lignes: Sequence[list[str]], fusions: Sequence[Plage]) -> None:
    """Recopie la valeur de chaque fusion verticale sur ses lignes ; une fusion horizontale reste à gauche (titre, total).

    S'arrête à `CELLULES_AU_PLUS` cellules remplies, celles qu'il a fallu ajouter à une ligne trop courte comprises.
    """
    restantes = CELLULES_AU_PLUS
    for haut, gauche, bas, _ in fusions:
        if haut >= len(lignes) or gauche >= len(lignes[haut]):
            continue
        valeur = lignes[haut][gauche]
        for ligne in lignes[haut + 1 : bas + 1]:
            manquantes = max(0, gauche + 1 - len(ligne))
            restantes -= 1 + manquantes
            if restantes < 0:
                return
            ligne.extend([""] * manquantes)
            if not ligne[gauche].strip():
                ligne[gauche] = valeur
