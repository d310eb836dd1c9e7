"""Fabrique de fichiers à importer, et raccourcis d'import, pour les essais des échanges."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conventions.models import SituationLogement
from flux_reservations.commun.acteur import Acteur
from flux_reservations.echanges.actions import appliquer, essayer
from flux_reservations.echanges.rapport import Rapport

SIREN, AUTRE = "940000029", "940000011"
BAILLEURS = f"siren;nom;statut\n{SIREN};Habitat;oph\n{AUTRE};Autre;esh\n"
RESERVATAIRES = (
    "code;nom;type;territoire\nETAT94;État;etat;departement:94\nAL;Action Logement;action_logement;region:11\n"
    "COMA;Créteil;commune;commune:94028\n"
)
PATRIMOINE = (
    "bailleur;identifiant;commune;typologie;qpv;hors_champ;adresse\n"
    f"{SIREN};L1;94028;T1;QN09401I;;1 rue A\n{SIREN};L2;94028;T2;;;2 rue A\n{SIREN};L3;94081;T3;;;3 rue A\n"
)
CONVENTIONS = (
    "numero;bailleur;reservataire;departement;date_signature;date_effet;date_fin;avenant_de\n"
    f"C-ETAT;{SIREN};ETAT94;94;2023-05-15;2023-06-01;;\nC-AL;{SIREN};AL;94;2023-05-15;2023-06-01;;\n"
    f"C-COMA;{SIREN};COMA;94;2023-05-15;2023-06-01;;\n"
)
DROITS = (
    "convention;contrepartie;sous_contingent;taux;perimetre\nC-ETAT;contingent_prefectoral;prioritaires;25;departement:94\n"
    "C-ETAT;contingent_prefectoral;agents;5;departement:94\nC-AL;financement;;20;departement:94\n"
    "C-COMA;garantie_emprunt;;20;commune:94028\n"
)
LIBERATIONS = "numero;logement;date_conge;date_disponibilite;date_bail\nB1;L1;2024-10-01;2025-01-10;2025-02-01\nB2;L2;;2025-02-10;\n"
ORIENTATIONS = "liberation;rang;compte;date_orientation;issue\nB1;1;ETAT94/prioritaires;2025-01-05;bail\nB2;1;AL;2025-02-01;en_cours\n"
CANDIDATS = "liberation;rang;numero_demande;public\nB1;1;094125000000000001;dalo\n"
TOUT = {
    "bailleurs": BAILLEURS,
    "reservataires": RESERVATAIRES,
    "patrimoine": PATRIMOINE,
    "conventions": CONVENTIONS,
    "droits": DROITS,
    "liberations": LIBERATIONS,
    "orientations": ORIENTATIONS,
    "candidats": CANDIDATS,
}


def deposer(dossier: Path, fichiers: Mapping[str, str | bytes]) -> Path:
    """Écrit des fichiers (`.csv` si le nom n'a pas d'extension) dans un dossier neuf et le rend."""
    dossier = dossier / f"depot{len(list(dossier.iterdir()))}"
    dossier.mkdir()
    for nom, contenu in fichiers.items():
        chemin = dossier / (nom if "." in nom else f"{nom}.csv")
        chemin.write_bytes(contenu if isinstance(contenu, bytes) else contenu.encode())
    return dossier


def importer(dossier: Path, fichiers: Mapping[str, str | bytes], **options: Any) -> Rapport:
    """Dépose et importe en système."""
    return appliquer([deposer(dossier, fichiers)], acteur=Acteur.systeme(), **options)


def prevoir(dossier: Path, fichiers: Mapping[str, str | bytes], **options: Any) -> Rapport:
    """Dépose et essaie en système."""
    return essayer([deposer(dossier, fichiers)], acteur=Acteur.systeme(), **options)


def comptes(rapport: Rapport) -> dict[str, tuple[int, int, int]]:
    """(créées, modifiées, inchangées) par tableau."""
    return {fichier.type: (fichier.crees, fichier.modifies, fichier.inchanges) for fichier in rapport.fichiers}


def erreurs(rapport: Rapport) -> list[tuple[int | None, str, str]]:
    """(ligne, colonne, valeur) de chaque erreur."""
    return [(erreur.ligne, erreur.colonne, erreur.valeur) for erreur in rapport.erreurs]


def histoire(identifiant: str) -> list[tuple[dt.date | None, str, str]]:
    """(début, QPV, hors champ) de chaque état d'un logement."""
    situations = SituationLogement.objects.filter(logement__identifiant=identifiant)
    return sorted(
        ((situation.periode.lower, situation.qpv, situation.hors_champ) for situation in situations),
        key=lambda etat: etat[0] or dt.date.min,
    )
