"""Les faits du flux d'une année : ce que `bilans/chargement.py` lit, ce que `flux.py` calcule. Rien d'autre n'entre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from attributions.domaine.codes import NatureLiberation
from attributions.domaine.decompte import FaitsOrientation
from conventions.domaine.repli import Repli
from conventions.domaine.versions import Conventions, PartieReservataire


@dataclass(frozen=True, slots=True)
class Situation:
    """Ce qui change dans un logement, du jour `debut` inclus au jour `fin` exclu (None = sans borne) (RG-04)."""

    debut: date | None
    fin: date | None
    qpv: str = ""
    hors_champ: str = ""

    def contient(self, le: date) -> bool:
        """Vrai si la situation vaut ce jour-là."""
        return (self.debut is None or self.debut <= le) and (self.fin is None or le < self.fin)


DANS_LE_CHAMP_HORS_QPV = Situation(None, None)


@dataclass(frozen=True, slots=True)
class FaitsLiberation:
    """Une libération et son logement, réduits à leurs faits."""

    identifiant: int
    numero: str
    commune: str
    typologie: str
    financement: str
    annee_construction: int | None
    date_disponibilite: date
    date_bail: date | None = None
    date_conge: date | None = None
    nature: str = NatureLiberation.RELOCATION
    exclusion: str = ""
    retrait: str = ""
    stock_maintenu_de: int | None = None
    situations: tuple[Situation, ...] = ()
    orientations: tuple[FaitsOrientation, ...] = ()

    @property
    def date_de_reference(self) -> date:
        """Le jour où l'on lit le champ et le QPV : le bail, à défaut la disponibilité (RG-04, RG-30)."""
        return self.date_bail or self.date_disponibilite

    def situation(self, le: date) -> Situation:
        """La situation du logement ce jour-là ; à défaut la dernière commencée, sinon la première, sinon dans le champ et hors QPV."""
        if len(self.situations) == 1:
            return self.situations[0]
        for situation in self.situations:
            if situation.contient(le):
                return situation
        if not self.situations:
            return DANS_LE_CHAMP_HORS_QPV
        commencees = [situation for situation in self.situations if situation.debut is None or situation.debut <= le]
        return commencees[-1] if commencees else self.situations[0]

    def est_en_qpv(self, le: date | None = None) -> bool:
        """Vrai si le logement est en QPV ce jour-là (par défaut à la date de référence)."""
        return bool(self.situation(le or self.date_de_reference).qpv)


CleDeCompte = tuple[int, str]
"""(origine de la chaîne de conventions, sous-contingent) : l'unité où l'on compte (RG-03)."""


@dataclass(frozen=True, slots=True)
class FaitsFlux:
    """Tout ce qu'il faut pour calculer le flux d'une année d'un bailleur dans un département.

    `nombres_motives` : orientations dont une séance a dit pourquoi moins de trois demandes ont été examinées (RG-42).
    """

    bailleur: str
    departement: str
    annee: int
    conventions: Conventions
    liberations: Sequence[FaitsLiberation]
    reservataires: Mapping[int, PartieReservataire]
    etat: PartieReservataire | None = None
    reports: Mapping[CleDeCompte, Decimal] = field(default_factory=dict)
    replis: tuple[Repli, ...] = ()
    logements_du_champ: int = 0
    communes: frozenset[str] = frozenset()
    nombres_motives: frozenset[int] = frozenset()
    noms_des_communes: Mapping[str, str] = field(default_factory=dict)

    @property
    def premier_jour(self) -> date:
        """Le 1er janvier."""
        return date(self.annee, 1, 1)

    @property
    def dernier_jour(self) -> date:
        """Le 31 décembre."""
        return date(self.annee, 12, 31)
