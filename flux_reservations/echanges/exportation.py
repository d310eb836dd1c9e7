"""Exporter tout ce qui appartient à un bailleur, dans les fichiers que l'import relit (formats.md § 1 et § 2)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile

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
BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
MORCEAU: Final = 64 * 1024
"""Octets d'archive gardés avant de partir."""


def exporter(dossier: Path, bailleur: Bailleur) -> dict[str, int]:
    """Écrit un CSV par tableau dans `dossier` (créé s'il manque) ; rend le nombre de lignes de chacun.

    Lève `ErreurMetier` si le dossier ne peut pas être écrit.
    """
    comptes: dict[str, int] = {}
    try:
        dossier.mkdir(parents=True, exist_ok=True)
        for nom, lignes in _fichiers(bailleur):
            with (dossier / nom).open("w", encoding="utf-8", newline="") as flux:
                flux.write(next(lignes))
                comptes[nom] = sum(1 for ligne in lignes if flux.write(ligne))
    except OSError as erreur:
        message = f"Le dossier {dossier} ne peut pas être écrit ({erreur.strerror or erreur}) : choisissez-en un autre."
        raise ErreurMetier("dossier_non_inscriptible", message) from erreur
    return comptes


def archiver(bailleur: Bailleur, avancer: Callable[[int], None] = lambda _: None) -> Iterator[bytes]:
    """Les mêmes fichiers en une archive ZIP, rendue au fil de la lecture ; `avancer` reçoit le nombre de fichiers finis."""
    tampon = _Tampon()
    with ZipFile(tampon, "w", ZIP_DEFLATED) as archive:
        for faits, (nom, lignes) in enumerate(_fichiers(bailleur)):
            avancer(faits)
            with archive.open(nom, "w", force_zip64=True) as membre:
                for ligne in lignes:
                    membre.write(ligne.encode())
                    if tampon.taille >= MORCEAU:
                        yield tampon.vider()
    yield tampon.vider()


class _Tampon(io.RawIOBase):
    """Ce qui vient d'être écrit, jusqu'à ce qu'on le prenne."""

    def __init__(self) -> None:
        self._morceaux: list[bytes] = []
        self.taille = 0

    def writable(self) -> bool:
        """On y écrit."""
        return True

    def write(self, octets: object) -> int:
        """Garde `octets`."""
        copie = bytes(memoryview(octets))  # type: ignore[arg-type]  # ce que zipfile écrit
        self._morceaux.append(copie)
        self.taille += len(copie)
        return len(copie)

    def vider(self) -> bytes:
        """Rend et oublie."""
        octets = b"".join(self._morceaux)
        self._morceaux, self.taille = [], 0
        return octets


class _Echo:
    """Un « fichier » qui rend ce qu'on lui écrit."""

    def write(self, texte: str) -> str:
        """Rend `texte`."""
        return texte


def _fichiers(bailleur: Bailleur) -> Iterator[tuple[str, Iterator[str]]]:
    """Le nom et les lignes de chaque fichier, en-tête d'abord ; à lire dans l'ordre, l'un après l'autre."""
    for classe in TABLEAUX:
        tableau = classe()
        lignes = _lignes(tableau, bailleur)
        entete, premiere = next(lignes), next(lignes, None)
        if premiere is not None:
            yield f"{tableau.nom}.csv", chain((entete, premiere), lignes)
        elif tableau.nom not in _FACULTATIFS:
            yield f"{tableau.nom}.csv", iter((entete,))


def _lignes(tableau: Tableau, bailleur: Bailleur) -> Iterator[str]:
    """Avec BOM : un tableur français y lit les accents."""
    ecrivain = csv.writer(_Echo(), delimiter=";", lineterminator="\r\n")
    yield BOM + ecrivain.writerow([colonne.nom for colonne in tableau.colonnes])
    for ligne in tableau.exporter(bailleur):
        yield ecrivain.writerow([en_texte(colonne, ligne.get(colonne.nom)) for colonne in tableau.colonnes])
