"""Le référentiel livré : un CSV compressé (`donnees/referentiel.csv.gz`), chargé par COPY à la première migration.

Une ligne par région, département, intercommunalité, commune et ancien code ; l'appartenance (« couvre ») s'en déduit ici. Le
fichier est engendré par `manage.py engendrer_referentiel` ; sa source et sa licence sont dans `donnees/SOURCE.md`.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flux_reservations.commun.tri import cle_de_tri

FICHIER = Path(__file__).parent / "donnees" / "referentiel.csv.gz"
SIREN_D_USAGE = "="
COLONNES = ("nature", "code", "nom", "parent", "population", "siren", "epci", "ept")

Ligne = tuple[str | int | None, ...]


@dataclass
class Referentiel:
    """Les lignes de chaque table, dans l'ordre de leurs colonnes (`TABLES`)."""

    regions: list[Ligne] = field(default_factory=list)
    departements: list[Ligne] = field(default_factory=list)
    communes: list[Ligne] = field(default_factory=list)
    anciennes: list[Ligne] = field(default_factory=list)
    territoires: list[Ligne] = field(default_factory=list)
    appartenances: list[tuple[str, str]] = field(default_factory=list)


TABLES = (
    ("territoires_region", ("code", "nom"), "regions"),
    ("territoires_departement", ("code", "nom", "region_id"), "departements"),
    (
        "territoires_commune",
        ("code", "nom", "departement_id", "population", "commune_chapeau_id", "cle_tri"),
        "communes",
    ),
    ("territoires_anciennecommune", ("code", "nom", "commune_id"), "anciennes"),
    ("territoires_territoire", ("code", "nature", "nom", "departement_id", "siren", "cle_tri"), "territoires"),
    ("territoires_territoirecommune", ("territoire_id", "commune_id"), "appartenances"),
)


def charger_referentiel(curseur: Any, fichier: Path = FICHIER) -> int:
    """Remplit par COPY les tables vides du référentiel ; rend le nombre de lignes écrites.

    `curseur` est un curseur psycopg ou Django, dans une transaction. Les tables doivent être vides.
    """
    referentiel = lire_referentiel(fichier)
    total = 0
    for table, colonnes, attribut in TABLES:
        lignes: Iterable[Ligne] = getattr(referentiel, attribut)
        with curseur.copy(f"COPY {table} ({', '.join(colonnes)}) FROM STDIN") as copie:
            for ligne in lignes:
                copie.write_row(ligne)
                total += 1
    curseur.execute(f"ANALYZE {', '.join(table for table, _, _ in TABLES)}")
    return total


def lire_referentiel(fichier: Path = FICHIER) -> Referentiel:
    """Lit le CSV compressé et en déduit territoires et appartenances."""
    resultat = Referentiel()
    departement_region: dict[str, str] = {}
    membres: dict[str, list[tuple[str, str]]] = {}
    intercommunalites: list[dict[str, str]] = []
    for ligne in _lignes(fichier):
        code, nom, parent = ligne["code"], ligne["nom"], ligne["parent"]
        match ligne["nature"]:
            case "region":
                resultat.regions.append((code, nom))
                resultat.territoires.append((f"region:{code}", "region", nom, None, "", cle_de_tri(nom)))
            case "departement":
                departement_region[code] = parent
                resultat.departements.append((code, nom, parent))
                resultat.territoires.append((f"departement:{code}", "departement", nom, code, "", cle_de_tri(nom)))
            case "epci" | "ept" | "metropole":
                intercommunalites.append(ligne)
            case "ancienne":
                resultat.anciennes.append((code, nom, parent))
            case "commune" | "arrondissement":
                _ajouter_commune(resultat, membres, ligne, departement_region)
    _ajouter_intercommunalites(resultat, intercommunalites, membres)
    # La table d'appartenance a sa clé pour index : l'écrire triée la remplit de gauche à droite.
    resultat.appartenances.sort()
    return resultat


def _lignes(fichier: Path) -> Iterator[dict[str, str]]:
    with gzip.open(fichier, "rb") as flux:
        yield from csv.DictReader(io.TextIOWrapper(flux, encoding="utf-8", newline=""))


def siren_d_usage(code: str) -> str:
    """SIREN de la plupart des communes, qui se calcule : 21, le département, la commune sur quatre chiffres, la clé de Luhn.

    Rend une chaîne vide quand le code a une lettre ou plus de deux chiffres de département (Corse, outre-mer).
    """
    if not code.isdigit() or code >= "97":
        return ""
    debut = f"21{code[:2]}0{code[2:]}"
    doubles = (int(chiffre) * (2 if rang % 2 else 1) for rang, chiffre in enumerate(debut))
    somme = sum(sum(divmod(double, 10)) for double in doubles)
    return f"{debut}{-somme % 10}"


def _ajouter_commune(
    resultat: Referentiel,
    membres: dict[str, list[tuple[str, str]]],
    ligne: dict[str, str],
    departement_region: dict[str, str],
) -> None:
    """Ajoute une commune, son territoire et ce qui la couvre ; un arrondissement suit la commune dont il fait partie."""
    code, nom, cle = ligne["code"], ligne["nom"], cle_de_tri(ligne["nom"])
    departement = code[:3] if code >= "97" and code[:2] in {"97", "98"} else code[:2]
    chapeau = ligne["parent"] or None
    resultat.communes.append(
        (code, nom, departement, int(ligne["population"]) if ligne["population"] else None, chapeau, cle)
    )
    siren = {SIREN_D_USAGE: siren_d_usage(code)}.get(ligne["siren"], ligne["siren"])
    resultat.territoires.append((f"commune:{code}", "commune", nom, departement, siren, cle))
    couvrants = [f"commune:{code}", f"departement:{departement}", f"region:{departement_region[departement]}"]
    if chapeau:
        couvrants.append(f"commune:{chapeau}")
    resultat.appartenances.extend((couvrant, code) for couvrant in couvrants)
    for siren in (ligne["epci"], ligne["ept"]):
        if siren:
            membres.setdefault(siren, []).append((code, departement))


def _ajouter_intercommunalites(
    resultat: Referentiel, intercommunalites: list[dict[str, str]], membres: dict[str, list[tuple[str, str]]]
) -> None:
    """Ajoute EPCI, EPT et métropoles ; une métropole est aussi un EPCI : deux codes, les mêmes communes."""
    for ligne in intercommunalites:
        siren, nom = ligne["code"], ligne["nom"]
        departements = {departement for _, departement in membres[siren]}
        departement = departements.pop() if len(departements) == 1 else None
        natures = ("metropole", "epci") if ligne["nature"] == "metropole" else (ligne["nature"],)
        for nature in natures:
            code = f"{nature}:{siren}"
            resultat.territoires.append((code, nature, nom, departement, siren, cle_de_tri(nom)))
            resultat.appartenances.extend((code, commune) for commune, _ in membres[siren])
