"""Exporter tout ce qui appartient à un bailleur, dans les fichiers que l'import relit (formats.md § 1 et § 2)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

from conventions.models import Bailleur
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.echanges.colonnes import TEXTE_COURT, TEXTES_RETENUS, Colonne
from flux_reservations.echanges.modele import en_texte
from flux_reservations.echanges.tableau import Tableau
from flux_reservations.echanges.tableaux import TABLEAUX

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

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
Lot = tuple[int, str]
"""Des lignes d'un fichier : leur nombre, leur texte."""


def exporter(dossier: Path, bailleur: Bailleur) -> dict[str, int]:
    """Écrit un CSV par tableau dans `dossier` (créé s'il manque) ; rend le nombre de lignes de chacun.

    Lève `ErreurMetier` si le dossier ne peut pas être écrit.
    """
    comptes: dict[str, int] = {}
    try:
        dossier.mkdir(parents=True, exist_ok=True)
        for nom, lots in _fichiers(bailleur):
            with (dossier / nom).open("w", encoding="utf-8", newline="") as flux:
                comptes[nom] = 0
                for nombre, texte in lots:
                    flux.write(texte)
                    comptes[nom] += nombre
    except OSError as erreur:
        message = f"Le dossier {dossier} ne peut pas être écrit ({erreur.strerror or erreur}) : choisissez-en un autre."
        raise ErreurMetier("dossier_non_inscriptible", message) from erreur
    return comptes


def archiver(bailleur: Bailleur, avancer: Callable[[int], None] = lambda _: None) -> Iterator[bytes]:
    """Les mêmes fichiers en une archive ZIP, rendue au fil de la lecture ; `avancer` reçoit le nombre de fichiers finis."""
    tampon = _Tampon()
    with ZipFile(tampon, "w", ZIP_DEFLATED) as archive:
        for faits, (nom, lots) in enumerate(_fichiers(bailleur)):
            avancer(faits)
            with archive.open(nom, "w", force_zip64=True) as membre:
                for _, texte in lots:
                    membre.write(texte.encode())
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

    def write(self, octets: ReadableBuffer) -> int:
        """Garde `octets`."""
        copie = bytes(octets)
        self._morceaux.append(copie)
        self.taille += len(copie)
        return len(copie)

    def vider(self) -> bytes:
        """Rend et oublie."""
        octets = b"".join(self._morceaux)
        self._morceaux, self.taille = [], 0
        return octets


def _fichiers(bailleur: Bailleur) -> Iterator[tuple[str, Iterator[Lot]]]:
    """Le nom et les lots de chaque fichier, en-tête d'abord ; à lire dans l'ordre, l'un après l'autre."""
    for classe in TABLEAUX:
        tableau = classe()
        lots = en_lots(tableau, bailleur)
        entete, premier = next(lots), next(lots, None)
        if premier is not None:
            yield f"{tableau.nom}.csv", chain((entete, premier), lots)
        elif tableau.nom not in _FACULTATIFS:
            yield f"{tableau.nom}.csv", iter((entete,))


def en_lots(tableau: Tableau, bailleur: Bailleur, au_plus: int | None = None) -> Iterator[Lot]:
    """L'en-tête, avec BOM (un tableur français y lit les accents), puis les lignes par lots, écrites colonne par colonne.

    `au_plus` : nombre de lignes où s'arrêter.
    """
    tampon = io.StringIO()
    ecrivain = csv.writer(tampon, delimiter=";", lineterminator="\r\n")
    ecrivain.writerow([colonne.nom for colonne in tableau.colonnes])
    yield 0, BOM + tampon.getvalue()
    redacteurs = [Redacteur(colonne) for colonne in tableau.colonnes]
    lignes = islice(tableau.exporter(bailleur), au_plus)
    while lot := list(islice(lignes, tableau.taille_lot)):
        tampon.seek(0)
        tampon.truncate()
        colonnes = [redacteur.ecrire([ligne.get(redacteur.colonne.nom) for ligne in lot]) for redacteur in redacteurs]
        ecrivain.writerows(zip(*colonnes, strict=True))
        yield len(lot), tampon.getvalue()


class Redacteur(dict[Any, str]):
    """Le texte de chaque valeur d'une colonne : écrit la première fois, retenu ensuite s'il est court."""

    def __init__(self, colonne: Colonne) -> None:
        super().__init__()
        self.colonne = colonne

    def ecrire(self, valeurs: Iterable[Any]) -> list[str]:
        """Les textes des valeurs, dans l'ordre."""
        try:
            return list(map(self.__getitem__, valeurs))
        except TypeError:  # Une liste ou un objet : rien à retenir.
            return [en_texte(self.colonne, valeur) for valeur in valeurs]

    def __missing__(self, valeur: Any) -> str:
        texte = en_texte(self.colonne, valeur)
        if len(self) < TEXTES_RETENUS and len(texte) <= TEXTE_COURT:
            self[valeur] = texte
        return texte
