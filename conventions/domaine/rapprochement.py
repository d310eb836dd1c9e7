"""Rapprocher des fichiers et des conventions : le numéro de la convention se lit dans le nom du fichier."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_MOT = re.compile(r"[0-9a-z]+")


@dataclass(frozen=True, slots=True)
class Rapprochement:
    """Les noms de fichiers de chaque convention ; ceux qui n'en nomment aucune, ou plusieurs."""

    par_convention: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    sans_convention: tuple[str, ...] = ()
    ambigus: tuple[str, ...] = ()


def rapprocher(noms: Iterable[str], numeros: Mapping[int, str]) -> Rapprochement:
    """Attribue chaque fichier à la convention dont il porte le numéro, accents, casse et ponctuation mis à part.

    « Convention 2024_CAF-01 (signée).pdf » porte « 2024-CAF-01 », pas « 2024-CAF-0 » ni « CAF-01-B ». S'il porte deux numéros, le plus
    long l'emporte s'il contient l'autre ; sinon le fichier est ambigu.
    """
    mots_des_numeros = {cle: _mots(numero) for cle, numero in numeros.items()}
    trouves: dict[int, list[str]] = {}
    sans, ambigus = [], []
    for nom in noms:
        mots = _mots(nom.rpartition(".")[0] or nom)
        portes = {cle: sien for cle, sien in mots_des_numeros.items() if sien and _contient(mots, sien)}
        retenus = [
            cle
            for cle, sien in portes.items()
            if not any(len(autre) > len(sien) and _contient(autre, sien) for autre in portes.values())
        ]
        if len(retenus) == 1:
            trouves.setdefault(retenus[0], []).append(nom)
        elif retenus:
            ambigus.append(nom)
        else:
            sans.append(nom)
    return Rapprochement({cle: tuple(siens) for cle, siens in trouves.items()}, tuple(sans), tuple(ambigus))


def _mots(texte: str) -> tuple[str, ...]:
    """Les suites de lettres et de chiffres, sans accent ni casse."""
    nu = "".join(
        caractere for caractere in unicodedata.normalize("NFKD", texte) if not unicodedata.combining(caractere)
    )
    return tuple(_MOT.findall(nu.casefold()))


def _contient(mots: tuple[str, ...], suite: tuple[str, ...]) -> bool:
    """Vrai si `suite` se lit d'affilée dans `mots`."""
    taille = len(suite)
    return any(mots[debut : debut + taille] == suite for debut in range(len(mots) - taille + 1))
