"""Ce que le moteur d'orientation lit : comptes, logements, parc, plafonds, réglages. Des entiers, des dates, rien d'autre.

Un logement vaut U = 10 000 : un taux de 30 % s'écrit 3 000, un retard de 0,7 logement 7 000 (moteur.md § 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

U = 10_000
"""Un logement, en points de base."""

VERSION_DES_REGLES = "moteur-1"
"""Nom de la méthode ; gardé avec chaque décision, il change dès qu'une proposition pourrait changer à faits égaux."""

PRIORITAIRES = "prioritaires"
AGENTS = "agents"
JOURS_PAR_AN = 365


@dataclass(frozen=True, slots=True)
class Reglages:
    """Réglages de la méthode (moteur.md § 1), qu'un « et si » peut changer. Ce ne sont pas des chiffres de droit.

    `theta` : avance sur le plus fort retard qu'on tolère pour servir la qualité ; `k`, `w`, `wn` : poids ;
    `tolerance` : logements au-delà du plafond de l'État avant `mois_sans_tolerance` ; `garde_hors_qpv` : None = celle
    de la convention.
    """

    theta: int = U
    k: int = 10
    w: int = 100_000
    wn: int = 3_000
    tolerance: int = U
    mois_sans_tolerance: int = 12
    garde_hors_qpv: bool | None = None

    @property
    def version(self) -> str:
        """Version des règles, réglages compris."""
        return f"{VERSION_DES_REGLES} θ={self.theta} K={self.k} W={self.w} WN={self.wn}"


ROTATION_PAR_DEFAUT = 800
"""Rotation (en points de base) quand aucune mise en location des années précédentes n'est connue."""


@dataclass(frozen=True, slots=True)
class Ligne:
    """Une ligne de droit : taux en points de base ; communes où il court (`assiette`) et s'exerce (`perimetre`) ; jours inclus."""

    taux: int
    assiette: frozenset[str]
    perimetre: frozenset[str]
    debut: date = date.min
    fin: date | None = None
    sous_contingent: str = ""
    premieres_locations: bool = False

    def court(self, le: date) -> bool:
        """Vrai si la ligne est en vigueur ce jour-là."""
        return self.debut <= le and (self.fin is None or le <= self.fin)


@dataclass(frozen=True, slots=True)
class Partie:
    """Un compte au sens du moteur : un réservataire, toutes ses conventions successives réunies ; l'État n'en forme qu'un.

    `reports` : report à l'ouverture par sous-contingent, en U ; `est_etat` : soumis au plafond légal, à deux
    sous-contingents.
    """

    code: str
    nom: str
    lignes: tuple[Ligne, ...] = ()
    reports: Mapping[str, int] = field(default_factory=dict)
    est_etat: bool = False

    @property
    def report(self) -> int:
        """Somme des reports, en U."""
        return sum(self.reports.values())


@dataclass(frozen=True, slots=True)
class Plafond:
    """Plafonds légaux à compter d'un jour (points de base) : État, agents ; et si la garde hors QPV est active (RG-14, RG-37)."""

    depuis: date
    etat: int
    agents: int
    garde_hors_qpv: bool = False


@dataclass(frozen=True, slots=True)
class CompteDecide:
    """Le compte d'une décision réelle : code de la partie, et sous-contingent pour l'État."""

    code: str
    sous_contingent: str = ""


@dataclass(frozen=True, slots=True)
class LogementLibere:
    """Une libération du flux. `entree` : le jour où elle compte (1er janvier pour celles d'avant, moteur.md § 2).

    `decision` : la première orientation ni rendue ni retirée ; `rendus` : codes des comptes qui ont rendu le logement.
    """

    numero: str
    disponibilite: date
    commune: str
    qpv: bool
    typologie: str
    financement: str
    premiere_location: bool = False
    decision: CompteDecide | None = None
    rendus: frozenset[str] = frozenset()
    annee: int = 0

    @property
    def entree(self) -> date:
        """Date à laquelle la libération entre dans l'année."""
        return max(self.disponibilite, date(self.annee, 1, 1)) if self.annee else self.disponibilite

    @property
    def modalites(self) -> tuple[Modalite, Modalite, Modalite, Modalite]:
        """Sa modalité dans chaque dimension, dans l'ordre de `DIMENSIONS`."""
        return modalites_de((self.commune, self.qpv, self.typologie, self.financement))


Modalite = tuple[str, str | bool]
"""Une dimension et sa valeur."""
DIMENSIONS = ("commune", "qpv", "typologie", "financement")

Cellule = tuple[str, bool, str, str]
"""Commune, QPV, typologie, financement."""


def modalites_de(cellule: Cellule) -> tuple[Modalite, Modalite, Modalite, Modalite]:
    """La modalité d'une cellule dans chaque dimension, dans l'ordre de `DIMENSIONS`."""
    commune, qpv, typologie, financement = cellule
    return ("commune", commune), ("qpv", qpv), ("typologie", typologie), ("financement", financement)


Parc = Mapping[Cellule, int]
"""Logements du champ et du flux au 1er janvier, par (commune, QPV, typologie, financement)."""


@dataclass(frozen=True, slots=True)
class FaitsMoteur:
    """L'année d'un bailleur dans un département, vue du moteur. L'ordre des suites est indifférent.

    `rotation` : en points de base ; `communes` : celles du département, vide si l'on n'en sait rien ; `noms` : noms
    de communes pour les phrases.
    """

    annee: int
    parties: tuple[Partie, ...]
    liberations: tuple[LogementLibere, ...]
    parc: Parc = field(default_factory=dict)
    rotation: int = ROTATION_PAR_DEFAUT
    plafonds: tuple[Plafond, ...] = ()
    communes: frozenset[str] = frozenset()
    noms: Mapping[str, str] = field(default_factory=dict)
    nom_du_bailleur: str = "Le bailleur"

    def ordonnees(self) -> list[LogementLibere]:
        """Les libérations dans l'ordre du moteur : (disponibilité, numéro)."""
        return sorted(self.liberations, key=lambda libere: (libere.disponibilite, libere.numero))


def calculer_rotation(mises_en_location: int, logements: int, annees: int) -> int:
    """Rotation annuelle en points de base, au plus proche, moitié vers le haut ; 800 si rien n'est connu (moteur.md § 2)."""
    if not mises_en_location or not logements:
        return ROTATION_PAR_DEFAUT
    denominateur = annees * logements
    return (2 * mises_en_location * U + denominateur) // (2 * denominateur)


def parc_des_logements(logements: Iterable[LogementLibere]) -> dict[tuple[str, bool, str, str], int]:
    """Le parc que forment ces logements, un chacun."""
    parc: dict[tuple[str, bool, str, str], int] = {}
    for libere in logements:
        cle = (libere.commune, libere.qpv, libere.typologie, libere.financement)
        parc[cle] = parc.get(cle, 0) + 1
    return parc
