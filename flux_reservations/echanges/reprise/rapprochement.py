"""Le décompte du bailleur face au nôtre, ligne à ligne : calcul pur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from flux_reservations.commun.tri import cle_de_tri


class Ecart(StrEnum):
    """Ce que dit une ligne rapprochée."""

    IDENTIQUE = "identique"
    AUTRE_COMPTE = "autre_compte"
    LIBELLE_INCONNU = "libelle_inconnu"
    DOUBLON = "doublon"
    CHEZ_LUI_SEUL = "chez_lui_seul"
    CHEZ_NOUS_SEUL = "chez_nous_seul"


@dataclass(frozen=True, slots=True)
class LigneDuBailleur:
    """Une ligne de son tableur : un logement décompté, et à qui.

    `libelle` : ce qui est écrit ; `compte` : ce que c'est chez nous, vide tant qu'on ne le sait pas.
    """

    numero: int
    liberation: str
    logement: str
    compte: str = ""
    libelle: str = ""
    sous_contingent: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class LigneDeChezNous:
    """Un logement que nous décomptons, et pourquoi ; `cle` : celle de sa libération."""

    liberation: str
    logement: str
    compte: str
    le: date
    raison: str
    cle: int = 0


@dataclass(frozen=True, slots=True)
class LigneRapprochee:
    """Les deux côtés d'une ligne ; l'un manque si l'autre est seul."""

    ecart: Ecart
    lui: LigneDuBailleur | None
    nous: LigneDeChezNous | None


@dataclass(frozen=True, slots=True)
class TotalDeCompte:
    """Un compte : ce que chacun en décompte."""

    compte: str
    lui: int
    nous: int

    @property
    def difference(self) -> int:
        """Le sien moins le nôtre."""
        return self.lui - self.nous


_ORDRE = {Ecart.LIBELLE_INCONNU: 1, Ecart.IDENTIQUE: 2}
"""Un libellé à préciser noierait les vrais écarts : il vient après eux."""


def rapprocher(lui: Sequence[LigneDuBailleur], nous: Sequence[LigneDeChezNous]) -> list[LigneRapprochee]:
    """Chaque ligne face à son pendant : par numéro de libération, à défaut par logement ; les écarts d'abord, dans l'ordre du fichier.

    La casse, la ponctuation et les zéros de tête d'un numéro sont indifférents : un tableur les perd.
    """
    index = _Index(nous)
    lignes = []
    prises: set[int] = set()
    for ligne in lui:
        rangs = index.rangs(ligne)
        libres = [rang for rang in rangs if rang not in prises]
        if not libres:
            lignes.append(LigneRapprochee(Ecart.DOUBLON if rangs else Ecart.CHEZ_LUI_SEUL, ligne, None))
            continue
        rang = next((un for un in libres if est_le_meme_compte(ligne.compte, nous[un].compte)), libres[0])
        prises.add(rang)
        pendant = nous[rang]
        if not ligne.compte:
            ecart = Ecart.LIBELLE_INCONNU
        else:
            ecart = Ecart.IDENTIQUE if est_le_meme_compte(ligne.compte, pendant.compte) else Ecart.AUTRE_COMPTE
        lignes.append(LigneRapprochee(ecart, ligne, pendant))
    jamais_prises = [une for rang, une in enumerate(nous) if rang not in prises]
    lignes += [
        LigneRapprochee(Ecart.CHEZ_NOUS_SEUL, None, une)
        for une in sorted(jamais_prises, key=lambda une: une.liberation)
    ]
    return sorted(lignes, key=lambda une: _ORDRE.get(une.ecart, 0))


class _Index:
    """Le rang de nos lignes, par numéro et par logement."""

    def __init__(self, nous: Sequence[LigneDeChezNous]) -> None:
        self._par_liberation: dict[str, list[int]] = {}
        self._par_logement: dict[str, list[int]] = {}
        for rang, une in enumerate(nous):
            self._par_liberation.setdefault(cle_souple(une.liberation), []).append(rang)
            self._par_logement.setdefault(cle_souple(une.logement), []).append(rang)

    def rangs(self, ligne: LigneDuBailleur) -> list[int]:
        """Par la libération si elle est dite et connue, sinon par le logement."""
        par_numero = self._par_liberation.get(cle_souple(ligne.liberation), []) if ligne.liberation else []
        return par_numero or (self._par_logement.get(cle_souple(ligne.logement), []) if ligne.logement else [])


def cle_souple(numero: str) -> str:
    """Un numéro sans casse, ponctuation, blancs ni zéros de tête."""
    morceaux = cle_de_tri(numero).split()
    return " ".join(morceau.lstrip("0") or "0" for morceau in morceaux)


def est_le_meme_compte(lui: str, nous: str) -> bool:
    """Vrai pour le même compte, ou le même réservataire si lui ne dit pas le sous-contingent ; la casse est indifférente."""
    lui, nous = lui.casefold(), nous.casefold()
    return bool(lui) and (lui == nous or ("/" not in lui and lui == nous.partition("/")[0]))


def totaliser(lignes: Iterable[LigneRapprochee]) -> list[TotalDeCompte]:
    """Par compte, ce que chacun décompte ; un compte de l'État sans sous-contingent se lit sous celui du pendant."""
    lui: Counter[str] = Counter()
    nous: Counter[str] = Counter()
    for ligne in lignes:
        if ligne.nous is not None:
            nous[ligne.nous.compte] += 1
        if ligne.lui is not None:
            sien = ligne.lui.compte or f"« {ligne.lui.libelle} »"
            lui[ligne.nous.compte if ligne.nous and ligne.ecart is Ecart.IDENTIQUE else sien] += 1
    return [TotalDeCompte(compte, lui[compte], nous[compte]) for compte in sorted(lui.keys() | nous.keys())]
