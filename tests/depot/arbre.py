"""Le dépôt, lu comme des arbres de syntaxe : ce que les essais de cohérence partagent."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from flux_reservations.embarque.empreinte import RACINE

PAQUETS = ("flux_reservations/", "conventions/", "attributions/", "bilans/")


@cache
def fichiers_suivis() -> tuple[str, ...]:
    """Les fichiers du dépôt qui existent, et ceux qui vont y entrer (ni ignorés, ni supprimés)."""
    commande = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    sortie = subprocess.run(commande, cwd=RACINE, check=True, capture_output=True, text=True).stdout
    return tuple(sorted(nom for nom in set(sortie.split("\0")) if nom and (RACINE / nom).is_file()))


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
