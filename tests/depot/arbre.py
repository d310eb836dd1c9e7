"""Le dépôt, lu comme des arbres de syntaxe : ce que les essais de cohérence partagent."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from flux_reservations.embarque.empreinte import RACINE

PAQUETS = ("flux_reservations/", "conventions/", "attributions/", "bilans/")


# Ce que .gitignore écarte : engendré, jamais livré.
ECARTES = {"var", "staticfiles", "captures", "__pycache__", "node_modules"}


@cache
def fichiers_suivis() -> tuple[str, ...]:
    """Les fichiers du dépôt, sans ce que .gitignore écarte (git n'est pas forcément installé)."""
    trouves = []
    for dossier, sous_dossiers, noms in os.walk(RACINE):
        sous_dossiers[:] = [nom for nom in sous_dossiers if nom not in ECARTES and (nom == ".ci" or nom[0] != ".")]
        trouves += [str(Path(dossier, nom).relative_to(RACINE)) for nom in noms]
    return tuple(sorted(trouves))


def modules(*, avec_migrations: bool = False) -> list[str]:
    """Les fichiers Python de l'application."""
    return [
        nom
        for nom in fichiers_suivis()
        if nom.startswith(PAQUETS) and nom.endswith(".py") and (avec_migrations or "/migrations/" not in nom)
    ]


def essais() -> list[str]:
    """Les fichiers Python des essais."""
    return [nom for nom in fichiers_suivis() if nom.startswith("tests/") and nom.endswith(".py")]


@cache
def arbre(nom: str) -> ast.Module:
    """L'arbre de syntaxe d'un fichier."""
    return ast.parse((RACINE / nom).read_text(encoding="utf-8"), filename=nom)


def noeuds(nom: str) -> Iterator[ast.AST]:
    """Tous les nœuds d'un fichier."""
    return ast.walk(arbre(nom))


def importes(nom: str) -> set[str]:
    """Les modules qu'un fichier importe, en toutes lettres."""
    trouves: set[str] = set()
    for noeud in noeuds(nom):
        if isinstance(noeud, ast.Import):
            trouves |= {alias.name for alias in noeud.names}
        elif isinstance(noeud, ast.ImportFrom) and noeud.module and not noeud.level:
            trouves.add(noeud.module)
    return trouves


def situer(nom: str, noeud: ast.AST) -> str:
    """`fichier:ligne`."""
    return f"{nom}:{getattr(noeud, 'lineno', 0)}"


def chemin(nom: str) -> Path:
    """Le chemin absolu d'un fichier du dépôt."""
    return RACINE / nom
