"""Où en est une mise en demeure (RG-20) : ce qui court, ce qui est devenu possible, quelle suite est recevable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from conventions.domaine.codes import SuiteManquement
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.droit.delais import resiliation_possible_le


@dataclass(frozen=True, slots=True)
class Avancement:
    """Une mise en demeure à une date : `possible_le` est le premier jour où le préfet peut résilier ou fixer les droits."""

    mise_en_demeure_le: date
    suite: str
    a_la_date: date
    sur_une_convention: bool = True

    @property
    def possible_le(self) -> date:
        """Deux mois après la mise en demeure pour résilier ; à défaut de convention, l'arrêté n'attend pas (RG-20)."""
        if not self.sur_une_convention:
            return self.mise_en_demeure_le
        return resiliation_possible_le(self.mise_en_demeure_le)

    @property
    def est_echue(self) -> bool:
        """Vrai si les deux mois sont passés sans suite."""
        return not self.suite and self.a_la_date >= self.possible_le

    @property
    def jours_restants(self) -> int:
        """Jours avant que la résiliation soit possible ; zéro ensuite."""
        return max((self.possible_le - self.a_la_date).days, 0)


def verifier_suite(*, mise_en_demeure_le: date, suite: str, le: date, sur_une_convention: bool) -> None:
    """Lève `ErreurMetier` si cette suite ne peut pas être donnée à cette date."""
    if suite not in set(SuiteManquement):
        raise ErreurMetier("suite_inconnue", "Choisissez une suite de la liste.", regle="RG-20", champ="suite")
    if le < mise_en_demeure_le:
        raise ErreurMetier("dates_inversees", "La suite ne précède pas la mise en demeure.", regle="RG-20", champ="le")
    if suite == SuiteManquement.REGULARISE:
        return
    if suite == SuiteManquement.RESILIATION and not sur_une_convention:
        raise ErreurMetier(
            "resiliation_sans_convention",
            "Sans convention, il n'y a rien à résilier : un arrêté fixe les droits.",
            regle="RG-20",
            champ="suite",
        )
    possible = resiliation_possible_le(mise_en_demeure_le)
    if suite == SuiteManquement.RESILIATION and le < possible:
        raise ErreurMetier(
            "delai_de_mise_en_demeure",
            f"Les deux mois de la mise en demeure courent encore : pas avant le {possible:%d/%m/%Y}.",
            regle="RG-20",
            champ="le",
        )
    if suite == SuiteManquement.ARRETE and sur_une_convention:
        raise ErreurMetier(
            "arrete_avec_convention",
            "Un arrêté fixe les droits à défaut de convention : résiliez celle-ci d'abord.",
            regle="RG-20",
            champ="suite",
        )
