"""Le décompte du bailleur face au nôtre, ligne à ligne : calcul pur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Ecart(StrEnum):
    """Ce que dit une ligne rapprochée."""

    IDENTIQUE = "identique"
    AUTRE_COMPTE = "autre_compte"
    CHEZ_LUI_SEUL = "chez_lui_seul"
    CHEZ_NOUS_SEUL = "chez_nous_seul"


@dataclass(frozen=True, slots=True)
class LigneDuBailleur:
    """Une ligne de son tableur : un logement décompté, et à qui."""

    numero: int
    liberation: str
    logement: str
    compte: str


@dataclass(frozen=True, slots=True)
class LigneDeChezNous:
    """Un logement que nous décomptons, et pourquoi."""

    liberation: str
    logement: str
    compte: str
    le: date
    raison: str


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


def rapprocher(lui: Sequence[LigneDuBailleur], nous: Sequence[LigneDeChezNous]) -> list[LigneRapprochee]:
    """Chaque ligne face à son pendant : par numéro de libération, à défaut par logement ; les écarts d'abord, dans l'ordre du fichier."""
    restent = list(nous)
    lignes = []
    for ligne in lui:
        pendant = _trouver(ligne, restent)
        if pendant is None:
            lignes.append(LigneRapprochee(Ecart.CHEZ_LUI_SEUL, ligne, None))
            continue
        restent.remove(pendant)
        meme = est_le_meme_compte(ligne.compte, pendant.compte)
        lignes.append(LigneRapprochee(Ecart.IDENTIQUE if meme else Ecart.AUTRE_COMPTE, ligne, pendant))
    lignes += [
        LigneRapprochee(Ecart.CHEZ_NOUS_SEUL, None, une) for une in sorted(restent, key=lambda une: une.liberation)
    ]
    return sorted(lignes, key=lambda une: une.ecart is Ecart.IDENTIQUE)


def _trouver(ligne: LigneDuBailleur, restent: Iterable[LigneDeChezNous]) -> LigneDeChezNous | None:
    """Son pendant parmi ce qui reste : sur un même logement, d'abord celui du même compte."""
    if ligne.liberation:
        return next((une for une in restent if une.liberation == ligne.liberation), None)
    candidats = [une for une in restent if une.logement == ligne.logement]
    return next((une for une in candidats if est_le_meme_compte(ligne.compte, une.compte)), next(iter(candidats), None))


def est_le_meme_compte(lui: str, nous: str) -> bool:
    """Vrai pour le même compte, ou le même réservataire si lui ne dit pas le sous-contingent ; la casse est indifférente."""
    lui, nous = lui.casefold(), nous.casefold()
    return lui == nous or ("/" not in lui and lui == nous.partition("/")[0])


def totaliser(lignes: Iterable[LigneRapprochee]) -> list[TotalDeCompte]:
    """Par compte, ce que chacun décompte ; un compte de l'État sans sous-contingent se lit sous celui du pendant."""
    lui: Counter[str] = Counter()
    nous: Counter[str] = Counter()
    for ligne in lignes:
        if ligne.nous is not None:
            nous[ligne.nous.compte] += 1
        if ligne.lui is not None:
            lui[ligne.nous.compte if ligne.nous and ligne.ecart is Ecart.IDENTIQUE else ligne.lui.compte] += 1
    return [TotalDeCompte(compte, lui[compte], nous[compte]) for compte in sorted(lui.keys() | nous.keys())]
