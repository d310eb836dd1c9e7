"""La matrice règle → code → essais, lue dans les fichiers eux-mêmes : rien à tenir à la main.

Le code dit la règle qu'il applique dans ses docstrings, les gabarits dans leur texte, les essais par
`@pytest.mark.regle("RG-nn")` (ou `pytestmark` pour tout un fichier).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flux_reservations.droit.regles import REGLES

RACINE = Path(__file__).resolve().parents[2]
PAQUETS = ("flux_reservations", "conventions", "attributions", "bilans")
_CITATION = re.compile(r"RG-\d{2}")
_REGISTRE = re.compile(r"droit/regles?(_\w+)?\.py$")


@dataclass(frozen=True, slots=True)
class LigneDeMatrice:
    """Une règle et ce qui l'applique, la montre et la prouve (chemins relatifs à la racine du dépôt).

    `ecrans` : le titre des pages qui la citent, puis les gabarits.
    """

    numero: str
    titre: str
    code: tuple[str, ...]
    ecrans: tuple[str, ...]
    essais: tuple[str, ...]


def regles_citees(texte: str) -> set[str]:
    """Numéros de règles écrits dans un texte (une étendue « RG-10 à RG-16 » ne cite que ses bouts)."""
    return set(_CITATION.findall(texte)) & REGLES.keys()


def _citations_du_code(fichier: Path) -> Iterator[tuple[str, str]]:
    """(règle, endroit) pour chaque docstring qui cite une règle ; les noms sont ceux des classes et des fonctions."""
    chemin = fichier.relative_to(RACINE).as_posix()
    arbre = ast.parse(fichier.read_text(encoding="utf-8"))
    noeuds: list[tuple[ast.AST, str]] = [(arbre, chemin)]
    noeuds += [
        (noeud, f"{chemin}:{noeud.name}")
        for noeud in ast.walk(arbre)
        if isinstance(noeud, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for noeud, endroit in noeuds:
        texte = ast.get_docstring(noeud) or ""  # type: ignore[arg-type]  # module, classe ou fonction
        for regle in regles_citees(texte):
            yield regle, endroit


def _ecrans_du_code(fichier: Path) -> Iterator[tuple[str, str]]:
    """(règle, titre d'écran) pour chaque vue qui se nomme (`titre = "…"`) et cite une règle dans son texte."""
    for classe in ast.walk(ast.parse(fichier.read_text(encoding="utf-8"))):
        if not isinstance(classe, ast.ClassDef):
            continue
        titre = _titre(classe)
        if titre:
            for noeud in ast.walk(classe):
                if isinstance(noeud, ast.Constant) and isinstance(noeud.value, str):
                    yield from ((regle, titre) for regle in regles_citees(noeud.value))


def _titre(classe: ast.ClassDef) -> str:
    """Le titre qu'une vue donne à sa page, seul ou parmi d'autres attributs ; vide si elle n'en donne pas."""
    for noeud in classe.body:
        if not isinstance(noeud, ast.Assign) or len(noeud.targets) != 1:
            continue
        cible, valeur = noeud.targets[0], noeud.value
        couples = [(cible, valeur)]
        if isinstance(cible, ast.Tuple) and isinstance(valeur, ast.Tuple):
            couples = list(zip(cible.elts, valeur.elts, strict=True))
        for nom, donne in couples:
            if isinstance(nom, ast.Name) and nom.id == "titre" and isinstance(donne, ast.Constant):
                return str(donne.value)
    return ""


def _marqueurs(noeud: ast.AST) -> set[str]:
    """Règles des marqueurs `pytest.mark.regle("RG-nn")` trouvés dans un nœud."""
    trouvees = set()
    for appel in ast.walk(noeud):
        if isinstance(appel, ast.Call) and isinstance(appel.func, ast.Attribute) and appel.func.attr == "regle":
            trouvees |= {un.value for un in appel.args if isinstance(un, ast.Constant) and isinstance(un.value, str)}
    return trouvees


def citations_des_essais(fichier: Path) -> Iterator[tuple[str, str]]:
    """(règle, essai) pour chaque fonction d'essai marquée, ou de tout le fichier par `pytestmark`."""
    chemin = fichier.relative_to(RACINE).as_posix()
    arbre = ast.parse(fichier.read_text(encoding="utf-8"))
    communes: set[str] = set()
    for noeud in arbre.body:
        if isinstance(noeud, ast.Assign) and any(
            isinstance(un, ast.Name) and un.id == "pytestmark" for un in noeud.targets
        ):
            communes |= _marqueurs(noeud.value)
    for essai in ast.walk(arbre):
        if isinstance(essai, ast.FunctionDef | ast.AsyncFunctionDef) and essai.name.startswith("test_"):
            marquees = {regle for decorateur in essai.decorator_list for regle in _marqueurs(decorateur)}
            for regle in communes | marquees:
                yield regle, f"{chemin}::{essai.name}"


def _lire_le_code() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Par règle : les endroits du code qui la citent, et les titres des pages dont la vue la cite."""
    code: dict[str, set[str]] = {}
    ecrans: dict[str, set[str]] = {}
    for paquet in PAQUETS:
        for fichier in sorted((RACINE / paquet).rglob("*.py")):
            if "migrations" in fichier.parts or _REGISTRE.search(fichier.as_posix()):
                continue
            for regle, endroit in _citations_du_code(fichier):
                code.setdefault(regle, set()).add(endroit)
            if "views" in fichier.relative_to(RACINE).parts:
                for regle, titre in _ecrans_du_code(fichier):
                    ecrans.setdefault(regle, set()).add(titre)
    return code, ecrans


@lru_cache(maxsize=1)
def lire_matrice() -> tuple[LigneDeMatrice, ...]:
    """Une ligne par règle, dans l'ordre des numéros ; lue une fois par processus."""
    code, ecrans = _lire_le_code()
    essais: dict[str, set[str]] = {}
    for fichier in sorted((RACINE / "templates").rglob("*.html")):
        for regle in regles_citees(fichier.read_text(encoding="utf-8")):
            ecrans.setdefault(regle, set()).add(fichier.relative_to(RACINE / "templates").as_posix())
    for fichier in sorted((RACINE / "tests").rglob("test_*.py")):
        for regle, essai in citations_des_essais(fichier):
            essais.setdefault(regle, set()).add(essai)
    return tuple(
        LigneDeMatrice(
            numero,
            regle.titre,
            tuple(sorted(code.get(numero, ()))),
            tuple(sorted(ecrans.get(numero, ()))),
            tuple(sorted(essais.get(numero, ()))),
        )
        for numero, regle in sorted(REGLES.items())
    )
