"""Les cellules fusionnées d'un XLSX : leur valeur n'est écrite que dans la première, elle vaut pour toutes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from flux_reservations.echanges.lecture.classeur import BLOC, trouver_feuille

CELLULES_AU_PLUS: Final = 200_000
"""Au-delà, les fusions d'une feuille ne sont pas étendues : ce n'est pas un tableur fait à la main."""
_FUSION: Final = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_RECOUVREMENT: Final = 200


def lire_les_fusions(chemin: Path) -> list[tuple[int, int, int, int]]:
    """Plages fusionnées de la première feuille : (première ligne, première colonne, dernière ligne, dernière colonne), à partir de 0."""
    plages: dict[tuple[int, int, int, int], None] = {}
    with zipfile.ZipFile(chemin) as archive, archive.open(trouver_feuille(archive)[0]) as membre:
        reste = b""
        while bloc := membre.read(BLOC):
            texte = reste + bloc
            for trouve in _FUSION.finditer(texte):
                debut, haut, fin, bas = trouve.groups()
                plages[int(haut) - 1, _rang(debut), int(bas) - 1, _rang(fin)] = None
            reste = texte[-_RECOUVREMENT:]
    return list(plages)


def etendre(lignes: Sequence[list[str]], fusions: Sequence[tuple[int, int, int, int]]) -> None:
    """Recopie la valeur de chaque fusion verticale sur ses lignes ; une fusion horizontale reste à gauche (titre, total)."""
    for haut, gauche, bas, _ in _bornees(fusions):
        if haut >= len(lignes) or gauche >= len(lignes[haut]):
            continue
        valeur = lignes[haut][gauche]
        for ligne in lignes[haut + 1 : bas + 1]:
            if len(ligne) <= gauche:
                ligne.extend([""] * (gauche + 1 - len(ligne)))
            if not ligne[gauche].strip():
                ligne[gauche] = valeur


def _bornees(fusions: Sequence[tuple[int, int, int, int]]) -> Iterator[tuple[int, int, int, int]]:
    restantes = CELLULES_AU_PLUS
    for fusion in fusions:
        restantes -= fusion[2] - fusion[0]
        if restantes < 0:
            return
        yield fusion


def _rang(lettres: bytes) -> int:
    rang = 0
    for lettre in lettres:
        rang = rang * 26 + lettre - ord("A") + 1
    return rang - 1
