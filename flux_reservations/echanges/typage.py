"""Donner leur valeur aux cellules d'un lot, colonne par colonne : un texte déjà lu dans une colonne ne se relit pas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flux_reservations.echanges.cellules import ValeurFautive, nettoyer
from flux_reservations.echanges.colonnes import TEXTE_COURT, TEXTES_RETENUS, Code, Colonne, Siren, Texte
from flux_reservations.echanges.lecture.source import Nombre
from flux_reservations.echanges.lecture.xlsx import a_perdu_des_chiffres
from flux_reservations.echanges.suivi import Suivi
from flux_reservations.echanges.tableau import Ligne


@dataclass(frozen=True, slots=True)
class SansValeur:
    """À la place d'une valeur : la cellule ne se lit pas (`message` dit pourquoi), ou la ligne n'a pas cette cellule (vide)."""

    message: str = ""


class Lecteur(dict[str | None, Any]):
    """La valeur de chaque texte d'une colonne : lue une fois, puis retenue si le texte est court ; `SansValeur` s'il n'y en a pas."""

    def __init__(self, colonne: Colonne) -> None:
        super().__init__()
        self.colonne = colonne
        self.est_un_texte = isinstance(colonne.type, Code | Siren | Texte)
        """Vrai si une cellule de nombre y a peut-être perdu quelque chose : elle se lit alors à part."""
        self.lacunes = 0

    def lire(self, cellules: Iterable[str | None]) -> list[Any]:
        """Les valeurs des cellules, dans l'ordre."""
        if self.est_un_texte and Nombre in set(map(type, cellules)):
            return [self._lire(brut) if type(brut) is Nombre else self[brut] for brut in cellules]
        return list(map(self.__getitem__, cellules))

    def __missing__(self, brut: str | None) -> Any:
        valeur = self._lire(brut)
        if (
            type(valeur) is not SansValeur
            and brut is not None
            and len(brut) <= TEXTE_COURT
            and len(self) < TEXTES_RETENUS
        ):
            self[brut] = valeur
        return valeur

    def _lire(self, brut: str | None) -> Any:
        if brut is None:
            return self._sans_valeur("")
        try:
            cellule = nettoyer(brut)
            if cellule:
                valeur = self.colonne.type.lire(cellule)
            elif self.colonne.obligatoire:
                return self._sans_valeur("Valeur obligatoire : remplissez la cellule.")
            else:
                return self.colonne.defaut
        except ValeurFautive as erreur:
            return self._sans_valeur(erreur.message)
        if self.est_un_texte and a_perdu_des_chiffres(cellule):
            return self._sans_valeur(
                "Nombre de plus de 15 chiffres : le tableur en a perdu la fin. Mettez la colonne au format texte et ressaisissez."
            )
        return valeur

    def _sans_valeur(self, message: str) -> SansValeur:
        self.lacunes += 1
        return SansValeur(message)


def lecteurs_de(colonnes: Mapping[str, Colonne]) -> dict[str, Lecteur]:
    """Un lecteur par colonne, pour tout un fichier."""
    return {nom: Lecteur(colonne) for nom, colonne in colonnes.items()}


def typer(
    suivi: Suivi, lot: Sequence[Ligne], cellules: Mapping[str, Sequence[str | None]], lecteurs: Mapping[str, Lecteur]
) -> None:
    """Donne ses `valeurs` à chaque ligne du lot ; une cellule qui ne se lit pas est refusée et n'en a pas."""
    noms = list(cellules)
    lacunes = sum(lecteur.lacunes for lecteur in lecteurs.values())
    colonnes = [lecteurs[nom].lire(cellules[nom]) for nom in noms]
    for ligne, valeurs in zip(lot, zip(*colonnes, strict=True), strict=True):
        ligne.valeurs = dict(zip(noms, valeurs, strict=True))
    for nom, lues in zip(noms, colonnes, strict=True):
        if lecteurs[nom].est_un_texte:
            _remarquer_les_nombres(suivi, lot, lecteurs[nom].colonne, cellules[nom], lues)
    if sum(lecteur.lacunes for lecteur in lecteurs.values()) > lacunes or any(ligne.ecart for ligne in lot):
        for ligne in lot:
            _dire_l_ecart(suivi, ligne)
            _refuser_les_lacunes(suivi, ligne)


def _dire_l_ecart(suivi: Suivi, ligne: Ligne) -> None:
    if ligne.ecart > 0:
        message = "La ligne a plus de cellules que l'en-tête : un séparateur de trop, ou un texte sans guillemets."
        suivi.refuser(ligne, "", message)
    elif ligne.ecart < 0:
        message = "La ligne a moins de cellules que l'en-tête : les dernières sont lues vides."
        suivi.remarquer(ligne, "", "Ligne courte", message)


def _refuser_les_lacunes(suivi: Suivi, ligne: Ligne) -> None:
    lacunes = {nom: valeur for nom, valeur in ligne.valeurs.items() if type(valeur) is SansValeur}
    for nom, lacune in lacunes.items():
        del ligne.valeurs[nom]
        if lacune.message:
            suivi.refuser(ligne, nom, lacune.message)


def _remarquer_les_nombres(
    suivi: Suivi, lot: Sequence[Ligne], colonne: Colonne, cellules: Sequence[str | None], valeurs: Sequence[Any]
) -> None:
    """Un code lu dans une cellule de nombre : dit ce qui a été rétabli, et ce qui a pu être perdu."""
    if Nombre not in set(map(type, cellules)):
        return
    for ligne, cellule, valeur in zip(lot, cellules, valeurs, strict=True):
        if type(cellule) is not Nombre or type(valeur) is SansValeur:
            continue
        if valeur != str(cellule):
            message = f"La cellule est un nombre : zéro de tête rétabli ({cellule} lu {valeur}). Mettez la colonne au format texte."
            suivi.remarquer(ligne, colonne.nom, "Zéro de tête rétabli", message)
        elif isinstance(colonne.type, Texte):
            message = "La cellule est un nombre : si le code avait des zéros de tête, ils sont perdus. Mettez la colonne au format texte."
            suivi.remarquer(ligne, colonne.nom, "Code lu dans un nombre", message)
