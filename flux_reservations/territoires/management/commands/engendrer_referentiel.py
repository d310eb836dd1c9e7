"""`manage.py engendrer_referentiel` : refait le CSV livré depuis le paquet npm `@etalab/decoupage-administratif`."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.socle.commande import CommandeMetier
from flux_reservations.territoires.referentiel import COLONNES, FICHIER, SIREN_D_USAGE, siren_d_usage

_ACTUELLES = {"commune-actuelle", "arrondissement-municipal"}
_METROPOLES = {"METRO", "MET69"}

Paquet = dict[str, list[dict[str, Any]]]


class Command(CommandeMetier):
    """Lit le dossier où le paquet npm est extrait et écrit le CSV compressé, toujours le même octet pour octet."""

    help = (
        "Refait le référentiel des territoires. Avant : `npm pack @etalab/decoupage-administratif@6.0.0`, puis "
        "`tar xzf etalab-decoupage-administratif-6.0.0.tgz`."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Le dossier du paquet, et où écrire."""
        super().add_arguments(parser)
        parser.add_argument("dossier", type=Path, help="dossier `package` du paquet npm extrait")
        parser.add_argument("--sortie", type=Path, default=FICHIER, help="fichier à écrire")

    def executer(self, **options: Any) -> dict[str, int]:
        """Écrit le fichier ; rend le nombre de lignes par nature."""
        lignes = engendrer_lignes(_lire_paquet(options["dossier"]))
        texte = io.StringIO()
        ecrivain = csv.DictWriter(texte, COLONNES, restval="", lineterminator="\n")
        ecrivain.writeheader()
        ecrivain.writerows(lignes)
        # mtime=0 : le même paquet donne le même fichier.
        options["sortie"].write_bytes(gzip.compress(texte.getvalue().encode(), compresslevel=9, mtime=0))
        comptes: dict[str, int] = {}
        for ligne in lignes:
            comptes[ligne["nature"]] = comptes.get(ligne["nature"], 0) + 1
        return comptes


def engendrer_lignes(paquet: Paquet) -> list[dict[str, Any]]:
    """Lignes du CSV, parents avant enfants, triées par code dans chaque nature."""
    epci_de, ept_de = _appartenance(paquet["epci"]), _appartenance(paquet["ept"])
    lignes: list[dict[str, Any]] = [
        {"nature": "region", "code": region["code"], "nom": region["nom"]} for region in paquet["regions"]
    ]
    lignes += [
        {
            "nature": "departement",
            "code": departement["code"],
            "nom": departement["nom"],
            "parent": departement["region"],
        }
        for departement in paquet["departements"]
    ]
    lignes += [
        {"nature": "metropole" if epci["type"] in _METROPOLES else "epci", "code": epci["code"], "nom": epci["nom"]}
        for epci in paquet["epci"]
    ]
    lignes += [{"nature": "ept", "code": ept["code"], "nom": ept["nom"]} for ept in paquet["ept"]]
    for commune in paquet["communes"]:
        if commune["type"] in _ACTUELLES:
            chapeau = commune.get("commune", "")
            appartient = chapeau or commune["code"]
            lignes.append(
                {
                    "nature": "arrondissement" if chapeau else "commune",
                    "code": commune["code"],
                    "nom": commune["nom"],
                    "parent": chapeau,
                    "population": commune.get("population", ""),
                    "siren": _siren_abrege(commune),
                    "epci": epci_de.get(appartient, ""),
                    "ept": ept_de.get(appartient, ""),
                }
            )
    lignes += _anciennes(paquet["communes"])
    ordre = ("region", "departement", "metropole", "epci", "ept", "commune", "arrondissement", "ancienne")
    return sorted(lignes, key=lambda ligne: (ordre.index(ligne["nature"]), ligne["code"]))


def _siren_abrege(commune: dict[str, Any]) -> str:
    """Le SIREN, ou un signe s'il se calcule : le fichier livré en perd le quart de son poids."""
    siren: str = commune.get("siren", "")
    return SIREN_D_USAGE if siren and siren == siren_d_usage(commune["code"]) else siren


def _anciennes(communes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Anciens codes et leur remplaçant.

    Écartés : le code encore en usage, le code partagé entre plusieurs communes (défusion), et le code de la Seine d'avant 1968 qui est
    aujourd'hui un code postal de Paris (75011) : l'y lire serait se tromper de commune sans le dire.
    """
    actuels = {commune["code"] for commune in communes if commune["type"] in _ACTUELLES}
    postaux_de_paris = {
        postal for commune in communes if commune["code"] == "75056" for postal in commune.get("codesPostaux", [])
    }
    remplacants: dict[str, set[str]] = {}
    noms: dict[str, str] = {}
    for commune in communes:
        cible = commune["code"] if commune["type"] in _ACTUELLES else commune["chefLieu"]
        for ancien in commune.get("anciensCodes", []):
            remplacants.setdefault(ancien, set()).add(cible)
        if commune["type"] not in _ACTUELLES:
            remplacants.setdefault(commune["code"], set()).add(cible)
            noms[commune["code"]] = commune["nom"]
    return [
        {"nature": "ancienne", "code": code, "nom": noms.get(code, ""), "parent": next(iter(cibles))}
        for code, cibles in remplacants.items()
        if len(cibles) == 1 and code not in actuels and code not in postaux_de_paris
    ]


def _appartenance(intercommunalites: list[dict[str, Any]]) -> dict[str, str]:
    return {
        membre["code"]: intercommunalite["code"]
        for intercommunalite in intercommunalites
        for membre in intercommunalite["membres"]
    }


def _lire_paquet(dossier: Path) -> Paquet:
    """Les cinq fichiers JSON du paquet ; refus clair s'il en manque un."""
    resultat: Paquet = {}
    for nom in ("regions", "departements", "epci", "ept", "communes"):
        fichier = dossier / "data" / f"{nom}.json"
        try:
            resultat[nom] = json.loads(fichier.read_text(encoding="utf-8"))
        except (OSError, ValueError) as erreur:
            message = (
                f"{fichier} est absent ou illisible : donnez le dossier `package` du paquet npm extrait ({erreur})."
            )
            raise ErreurMetier("paquet_illisible", message) from erreur
    return resultat
