"""Empreintes de ce dont dépend un travail qu'on ne veut pas refaire : migrer une base, ramasser les statiques."""

from __future__ import annotations

import hashlib
import os
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

RACINE = Path(__file__).resolve().parents[2]
PAQUETS = (RACINE / "flux_reservations", RACINE / "conventions", RACINE / "attributions", RACINE / "bilans")
# Tout ce qu'une migration a le droit d'importer (tests/depot le vérifie) est dans l'empreinte.
DOSSIERS_DU_SCHEMA = {"migrations", "models", "domaine"}
PAQUETS_DU_SCHEMA = (RACINE / "flux_reservations" / "territoires", RACINE / "flux_reservations" / "socle")


def empreinte_du_schema() -> str:
    """Change dès que `migrate` pourrait donner une autre base : migrations, modèles, référentiel, rôle, paquets installés."""
    fichiers = [
        chemin
        for chemin in _fichiers(PAQUETS)
        if DOSSIERS_DU_SCHEMA & set(chemin.relative_to(RACINE).parts[:-1]) or chemin.name == "models.py"
    ]
    fichiers += _fichiers(PAQUETS_DU_SCHEMA)
    fichiers += (RACINE / "flux_reservations" / "embarque").glob("*.py")
    return _empreinte(fichiers, os.environ.get("ROLE_APPLICATION", ""), *_paquets_installes())


def empreinte_des_statiques() -> str:
    """Change dès que `collectstatic` pourrait donner un autre résultat."""
    fichiers = [*_fichiers([RACINE / "static"]), *_fichiers([RACINE / "flux_reservations" / "settings"])]
    return _empreinte(fichiers, *_paquets_installes())


def _fichiers(racines: Iterable[Path]) -> Iterator[Path]:
    for racine in racines:
        for dossier, sous_dossiers, noms in os.walk(racine):
            sous_dossiers[:] = [nom for nom in sous_dossiers if nom != "__pycache__"]
            yield from (Path(dossier, nom) for nom in noms)


def _paquets_installes() -> list[str]:
    """Les paquets et leurs versions, tels que pip les écrit (`django-5.2.1.dist-info`)."""
    return sorted(chemin.name for chemin in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))


def _empreinte(fichiers: Iterable[Path], *textes: str) -> str:
    somme = hashlib.sha256()
    for texte in textes:
        somme.update(f"{texte}\0".encode())
    for chemin in sorted(set(fichiers)):
        somme.update(f"{chemin.relative_to(RACINE)}\0".encode())
        somme.update(hashlib.sha256(chemin.read_bytes()).digest())
    return somme.hexdigest()[:24]
