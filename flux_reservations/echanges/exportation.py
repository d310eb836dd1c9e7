"""Exporter tout ce qui appartient à un bailleur, dans les fichiers que l'import relit (formats.md § 1 et § 2)."""

from __future__ import annotations

import csv
from pathlib import Path

from conventions.models import Bailleur
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.echanges.modele import en_texte
from flux_reservations.echanges.tableau import Tableau
from flux_reservations.echanges.tableaux import TABLEAUX

_FACULTATIFS = frozenset(
    {
        "fiches_rpls",
        "situations",
        "seances",
        "inscriptions",
        "previsions",
        "occupations",
        "contenus",
        "pieces",
        "bilans",
        "envois",
        "demandes",
    }
)
"""Tableaux dont un fichier sans ligne n'est pas écrit : formats.md ne les cite pas."""


def exporter(dossier: Path, bailleur: Bailleur) -> dict[str, int]:
    """Écrit un CSV par tableau dans `dossier` (créé s'il manque) ; rend le nombre de lignes de chacun.

    Lève `ErreurMetier` si le dossier ne peut pas être écrit.
    """
    comptes: dict[str, int] = {}
    try:
        dossier.mkdir(parents=True, exist_ok=True)
        for classe in TABLEAUX:
            tableau = classe()
            chemin = dossier / f"{tableau.nom}.csv"
            comptes[chemin.name] = _ecrire(chemin, tableau, bailleur)
            if not comptes[chemin.name] and tableau.nom in _FACULTATIFS:
                chemin.unlink()
                del comptes[chemin.name]
    except OSError as erreur:
        message = f"Le dossier {dossier} ne peut pas être écrit ({erreur.strerror or erreur}) : choisissez-en un autre."
        raise ErreurMetier("dossier_non_inscriptible", message) from erreur
    return comptes


def _ecrire(chemin: Path, tableau: Tableau, bailleur: Bailleur) -> int:
    nombre = 0
    # Avec BOM : un tableur français y lit les accents.
    with chemin.open("w", encoding="utf-8-sig", newline="") as flux:
        ecrivain = csv.writer(flux, delimiter=";", lineterminator="\r\n")
        ecrivain.writerow([colonne.nom for colonne in tableau.colonnes])
        for ligne in tableau.exporter(bailleur):
            ecrivain.writerow([en_texte(colonne, ligne.get(colonne.nom)) for colonne in tableau.colonnes])
            nombre += 1
    return nombre
