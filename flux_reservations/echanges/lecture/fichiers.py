"""Trouver les fichiers à importer, dire leur tableau d'après leur nom, les ouvrir."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from flux_reservations.echanges.lecture.source import FichierIllisible, Source
from flux_reservations.echanges.lecture.texte import ouvrir_csv, ouvrir_debut_de_csv
from flux_reservations.echanges.lecture.xlsx import TAILLE_DECOMPRESSEE, ouvrir_xlsx
from flux_reservations.echanges.rapport import Rapport

EXTENSIONS = (".csv", ".xlsx")
DEBUT: Final = 1 << 18
"""Octets du début d'un CSV, qui suffisent à le reconnaître."""


@dataclass(frozen=True, slots=True)
class Fichier:
    """Un fichier à importer : où il est, comment on le nomme au rapport, de quel tableau il est."""

    chemin: Path
    nom: str
    type: str
    connues: frozenset[str]

    def ouvrir(self, decompresse_au_plus: int = TAILLE_DECOMPRESSEE) -> Source:
        """Ouvre le fichier selon son extension ; un classeur a au plus tant d'octets décompressés. Lève `FichierIllisible`."""
        try:
            if self.chemin.suffix.lower() == ".xlsx":
                return ouvrir_xlsx(self.chemin, decompresse_au_plus)
            return ouvrir_csv(self.chemin, self._compter_connues)
        except OSError as erreur:
            message = f"Le fichier ne peut pas être lu ({erreur.strerror or erreur})."
            raise FichierIllisible(message) from erreur

    def _compter_connues(self, entete: list[str]) -> int:
        return sum(normaliser_entete(nom) in self.connues for nom in entete)


@dataclass(frozen=True, slots=True)
class DebutDeFichier(Fichier):
    """Un fichier dont on ne lit que l'en-tête et les premières lignes, à travers le flux de ses octets."""

    octets: BinaryIO

    def ouvrir(self, decompresse_au_plus: int = TAILLE_DECOMPRESSEE) -> Source:
        """Ouvre le flux selon l'extension du nom ; il reste à fermer. Lève `FichierIllisible`."""
        if self.nom.lower().endswith(".xlsx"):
            return ouvrir_xlsx(self.octets, decompresse_au_plus)
        return ouvrir_debut_de_csv(self.octets.read(DEBUT), self._compter_connues)


@dataclass(frozen=True, slots=True)
class LignesDonnees(Fichier):
    """Des lignes données par un logiciel, en-tête d'abord : elles se lisent comme un fichier."""

    cellules: tuple[tuple[str, ...], ...] = ()

    def ouvrir(self, decompresse_au_plus: int = TAILLE_DECOMPRESSEE) -> Source:
        """Les lignes ; rien à fermer, ni à décompresser."""
        del decompresse_au_plus
        return Source(iter([list(ligne) for ligne in self.cellules]), lambda: None)


def lignes_donnees(tableau: str, lignes: Sequence[Mapping[str, str]]) -> LignesDonnees:
    """Les lignes d'un tableau, chacune par colonne ; toutes ont les mêmes colonnes."""
    entete = tuple(lignes[0])
    cellules = (entete, *(tuple(ligne[nom] for nom in entete) for ligne in lignes))
    return LignesDonnees(Path(), tableau, tableau, frozenset(entete), cellules)


def normaliser_entete(nom: str) -> str:
    """En-tête comparé sans casse ni blancs de bord."""
    return nom.strip().lstrip("\N{ZERO WIDTH NO-BREAK SPACE}").strip().lower()


def trouver_fichiers(
    chemins: Iterable[Path],
    types: Sequence[tuple[str, frozenset[str]]],
    rapport: Rapport,
    choisis: Mapping[str, str] | None = None,
) -> list[Fichier]:
    """Fichiers à lire, dans l'ordre d'import (celui de `types`) ; ce qui ne peut pas l'être est au rapport.

    `types` donne, pour chaque début de nom, les colonnes connues. Dans un dossier, seuls les `.csv` et `.xlsx` sont lus.
    `choisis` donne le tableau d'un fichier quand une personne l'a dit (à l'écran).
    """
    trouves: list[Path] = []
    for chemin in chemins:
        if chemin.is_dir():
            trouves.extend(_fichiers_du_dossier(chemin, rapport))
        elif not chemin.exists():
            rapport.refuser(str(chemin), "Fichier ou dossier introuvable : vérifiez le chemin.")
        elif not chemin.is_file():
            rapport.refuser(chemin.name, "Ce n'est pas un fichier : copiez les données dans un fichier .csv ou .xlsx.")
        elif chemin.suffix.lower() not in EXTENSIONS:
            rapport.refuser(
                chemin.name,
                "Seuls les fichiers .csv et .xlsx sont lus : exportez les données dans l'un de ces formats.",
            )
        else:
            trouves.append(chemin)
    noms = [chemin.name for chemin in trouves]
    fichiers = []
    for chemin in dict.fromkeys(trouves):
        nom = chemin.name if noms.count(chemin.name) == 1 else str(chemin)
        type_ = (choisis or {}).get(chemin.name) or type_du_nom(chemin.name, [debut for debut, _ in types])
        if type_:
            fichiers.append(Fichier(chemin, nom, type_, dict(types)[type_]))
        else:
            connus = ", ".join(debut for debut, _ in types)
            rapport.mal_compris = True
            rapport.refuser(nom, f"Le nom du fichier ne dit pas son tableau : il doit commencer par l'un de {connus}.")
    ordre = [debut for debut, _ in types]
    return sorted(fichiers, key=lambda fichier: ordre.index(fichier.type))


def _fichiers_du_dossier(dossier: Path, rapport: Rapport) -> list[Path]:
    try:
        dedans = [fils for fils in dossier.iterdir() if fils.is_file() and fils.suffix.lower() in EXTENSIONS]
    except OSError as erreur:
        rapport.refuser(str(dossier), f"Ce dossier ne peut pas être lu ({erreur.strerror or erreur}).")
        return []
    # Les fichiers de verrou et de travail des tableurs ne sont pas des données.
    dedans = sorted(fils for fils in dedans if not fils.name.startswith((".", "~$")))
    if not dedans:
        rapport.refuser(str(dossier), "Ce dossier ne contient aucun fichier .csv ou .xlsx.")
    return dedans


def type_du_nom(nom: str, debuts: Iterable[str]) -> str:
    """Le tableau que dit le nom d'un fichier ; vide s'il n'en dit aucun."""
    candidats = [debut for debut in debuts if nom.lower().startswith(debut)]
    return max(candidats, key=len, default="")
