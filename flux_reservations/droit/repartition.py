"""Les droits : théoriques (exacts) puis entiers, par bailleur et par département (RG-33)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from flux_reservations.commun.arrondis import repartir_aux_plus_forts_restes

AGENTS = "agents"
PRIORITAIRES = "prioritaires"
REPLI = "repli"


@dataclass(frozen=True, slots=True)
class Quota:
    """Le droit exact d'un compte, avant l'arrondi.

    `cle` l'identifie ; `compte` est son nom au contrat (`AL`, `ETAT94/agents`) ; `taux` (en %) est la somme de ses lignes, qui
    donne son rang ; `sous_contingent` vaut `agents` ou `prioritaires` pour l'État lui-même, `repli` ou vide pour les autres.
    """

    cle: str
    compte: str
    droit: Fraction
    taux: Decimal = Decimal(0)
    sous_contingent: str = ""

    @property
    def est_a_l_etat(self) -> bool:
        """Vrai pour les deux comptes de l'État ; le repli est rangé parmi les autres (RG-33)."""
        return self.sous_contingent in {AGENTS, PRIORITAIRES}


@dataclass(frozen=True, slots=True)
class DroitsEntiers:
    """Droits entiers par clé de quota, et celui du bailleur ; leur somme est C."""

    par_compte: dict[str, int]
    bailleur: int


def droit_theorique(lignes: Iterable[tuple[Decimal | Fraction, int]]) -> Fraction:
    """Σ taux (en %) × C de l'assiette de la ligne, exact (RG-33)."""
    return sum((Fraction(taux) * nombre for taux, nombre in lignes), Fraction(0)) / 100


def complement_du_bailleur(flux: int, droits: Iterable[Fraction]) -> Fraction:
    """Ce qui reste au bailleur quand tous les droits sont servis (RG-03) ; négatif si les taux dépassent 100 %."""
    return flux - sum(droits, Fraction(0))


def ranger(quotas: Iterable[Quota]) -> list[str]:
    """Clés par rang : taux décroissant (somme des lignes), puis code (RG-33)."""
    return [quota.cle for quota in sorted(quotas, key=lambda quota: (-quota.taux, quota.compte, quota.cle))]


def droits_entiers(flux: int, quotas: Sequence[Quota]) -> DroitsEntiers:
    """Droits entiers de somme `flux` (RG-33).

    L'État à l'entier inférieur de son droit total ; dans l'État, agents à l'entier inférieur, prioritaires le complément ;
    les autres, le repli et le bailleur aux plus forts restes, à égalité par rang, bailleur en dernier.
    Exemple : 650 → 195 (163 + 32) / 130 / 130 / 21 / 174.
    """
    etat = [quota for quota in quotas if quota.est_a_l_etat]
    autres = [quota for quota in quotas if not quota.est_a_l_etat]
    total_etat = sum((quota.droit for quota in etat), Fraction(0)).__floor__()
    par_compte = _repartir_l_etat(etat, total_etat)

    bailleur = complement_du_bailleur(flux, (quota.droit for quota in quotas))
    restes: Mapping[str | None, Fraction] = {quota.cle: quota.droit for quota in autres} | {None: bailleur}
    entiers = repartir_aux_plus_forts_restes(restes, flux - total_etat, [*ranger(autres), None])
    part_du_bailleur = entiers.pop(None)
    par_compte |= {cle: entier for cle, entier in entiers.items() if cle is not None}
    return DroitsEntiers(par_compte, part_du_bailleur)


def _repartir_l_etat(etat: Sequence[Quota], total: int) -> dict[str, int]:
    """Entre les comptes de l'État : agents à l'entier inférieur de leur somme, prioritaires le complément."""
    agents = [quota for quota in etat if quota.sous_contingent == AGENTS]
    prioritaires = [quota for quota in etat if quota.sous_contingent != AGENTS]
    total_agents = sum((quota.droit for quota in agents), Fraction(0)).__floor__()
    return {
        cle: entier
        for comptes, entiers in ((agents, total_agents), (prioritaires, total - total_agents))
        for cle, entier in _aux_plus_forts_restes(comptes, entiers).items()
    }


def _aux_plus_forts_restes(comptes: Sequence[Quota], total: int) -> dict[str, int]:
    """Plusieurs lignes d'un même sous-contingent (conventions successives) : aux plus forts restes."""
    if not comptes:
        return {}
    return repartir_aux_plus_forts_restes({quota.cle: quota.droit for quota in comptes}, total, ranger(comptes))
