"""Les conventions telles que le calcul les lit : versions datées, lignes de droit, modalités (RG-10 à RG-16)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from conventions.domaine.codes import (
    COLLECTIVITES,
    STOCK_MAINTENU,
    DelaiUnite,
    FaitGenerateur,
    Gestion,
    PremieresLocations,
    Report,
    SousContingent,
    TypeReservataire,
)
from flux_reservations.droit.taux import Derogation


@dataclass(frozen=True, slots=True)
class PartieReservataire:
    """Un réservataire, réduit à ce que le calcul lit.

    `territoire` : communes du département dans son territoire ; None s'il n'en a pas (le département en tient lieu).
    """

    identifiant: int
    code: str
    type: str
    territoire: frozenset[str] | None = None

    @property
    def est_etat(self) -> bool:
        """Vrai pour l'État (RG-03)."""
        return self.type == TypeReservataire.ETAT

    @property
    def est_collectivite(self) -> bool:
        """Vrai pour une collectivité (RG-14 : garanties d'emprunt)."""
        return self.type in COLLECTIVITES

    @property
    def garde_son_stock(self) -> bool:
        """Vrai pour la défense, la sécurité intérieure et la santé (RG-07)."""
        return self.type in STOCK_MAINTENU


@dataclass(frozen=True, slots=True)
class Modalites:
    """Ce que la convention dit de l'orientation et du décompte (RG-12, RG-21, RG-45, RG-46)."""

    gestion: str = Gestion.DIRECTE
    delai_jours: int | None = None
    delai_unite: str = DelaiUnite.CALENDAIRES
    carence_decomptee: bool = True
    fait_generateur: str = FaitGenerateur.BAIL
    nb_candidats: int | None = None

    @property
    def est_deleguee(self) -> bool:
        """Vrai si le bailleur choisit parmi les publics du réservataire ; pas de délai de présentation (RG-21)."""
        return self.gestion == Gestion.DELEGUEE


MODALITES_PAR_DEFAUT = Modalites()
"""Celles d'un réservataire qui n'a jamais eu de convention (RG-45, RG-46 : défauts)."""


@dataclass(frozen=True, slots=True)
class LigneDroit:
    """Une ligne de droit : taux en %, communes où il s'exerce (`perimetre`), communes où il court (`assiette`) (RG-13).

    `fin` : dernier jour d'un droit dont l'emprunt garanti est remboursé (RG-23) ; None : celui de la convention.
    """

    identifiant: int
    contrepartie: str
    sous_contingent: str
    taux: Decimal
    perimetre: frozenset[str]
    assiette: frozenset[str]
    montant_garanti: Decimal | None = None
    libelle: str = ""
    fin: date | None = None

    def court(self, le: date) -> bool:
        """Vrai si la ligne n'est pas éteinte ce jour-là (sa convention en vigueur)."""
        return self.fin is None or le <= self.fin


@dataclass(frozen=True, slots=True)
class VersionConvention:
    """Une version signée, sur la période où elle court (bornes incluses ; `fin` None = sans terme).

    `origine` et `numero` sont ceux de la première version de la chaîne d'avenants : le compte leur appartient (RG-16).
    """

    identifiant: int
    origine: int
    numero: str
    reservataire: PartieReservataire
    date_signature: date
    debut: date
    fin: date | None
    lignes: tuple[LigneDroit, ...] = ()
    modalites: Modalites = MODALITES_PAR_DEFAUT
    report: str = Report.DEFAUT
    report_plafond: int | None = None
    premieres_locations: str = PremieresLocations.A_PART
    part_hors_qpv_min: Decimal | None = None
    garde_hors_qpv: bool = False
    derogation: Derogation = field(default_factory=Derogation)
    motif_sous_trente: str = ""
    motif_perimetre: str = ""
    effet_de_la_chaine: date | None = None

    @property
    def premier_effet(self) -> date:
        """Jour où la première version de la chaîne a pris effet : les avenants ne changent pas le moment où l'on a conclu (RG-25)."""
        return self.effet_de_la_chaine or self.debut

    def court(self, le: date) -> bool:
        """Vrai si la version est en vigueur ce jour-là."""
        return self.debut <= le and (self.fin is None or le <= self.fin)

    def court_entre(self, debut: date, fin: date) -> bool:
        """Vrai si la version est en vigueur au moins un jour de la période (bornes incluses)."""
        return self.debut <= fin and (self.fin is None or debut <= self.fin)

    def lignes_le(self, le: date) -> tuple[LigneDroit, ...]:
        """Ses lignes qui ne sont pas éteintes ce jour-là (RG-23)."""
        return tuple(ligne for ligne in self.lignes if ligne.court(le))

    @property
    def taux(self) -> Decimal:
        """Somme des taux de ses lignes, en %."""
        return sum((ligne.taux for ligne in self.lignes), Decimal(0))

    @property
    def premieres_locations_dans_le_flux(self) -> bool:
        """Vrai si les premières locations entrent dans le flux de cette convention (RG-22)."""
        return self.premieres_locations == PremieresLocations.DANS_LE_FLUX

    @property
    def politique_de_report(self) -> str:
        """Report du solde (RG-47) : celui de la convention ; à défaut `total`, et `aucun` pour l'État."""
        if self.report:
            return self.report
        return Report.AUCUN if self.reservataire.est_etat else Report.TOTAL

    def sous_contingents(self) -> tuple[str, ...]:
        """Sous-contingents de ses comptes, dans l'ordre des codes ; un seul, vide, hors l'État (RG-03)."""
        if not self.reservataire.est_etat:
            return (SousContingent.AUCUN.value,)
        return tuple(sorted({sous_contingent_de(self.reservataire, ligne.sous_contingent) for ligne in self.lignes}))


def sous_contingent_de(reservataire: PartieReservataire, sous_contingent: str) -> str:
    """Le sous-contingent où l'on compte : celui qui est dit pour l'État (`prioritaires` à défaut), vide pour les autres."""
    if reservataire.est_etat:
        return str(sous_contingent) or SousContingent.PRIORITAIRES.value
    return ""


def version_de_reference(versions: Iterable[VersionConvention], le: date) -> VersionConvention:
    """La version d'une chaîne dont la politique de report s'applique à ce jour : celle d'avant ou du jour, à défaut la première (RG-47)."""
    par_date = sorted(versions, key=lambda version: version.debut)
    anterieures = [version for version in par_date if version.debut <= le]
    return anterieures[-1] if anterieures else par_date[0]


def appliquer_report(solde: Fraction, politique: str, plafond: int | None) -> Fraction:
    """Ce qui passe d'une année sur l'autre : tout, entre −n et +n, ou rien (RG-47)."""
    if politique == Report.AUCUN:
        return Fraction(0)
    if politique == Report.PLAFONNE and plafond is not None:
        return max(Fraction(-plafond), min(Fraction(plafond), solde))
    return solde


class Conventions:
    """Toutes les versions signées d'un bailleur dans un département, et ce qu'on leur demande à une date."""

    def __init__(self, versions: Iterable[VersionConvention]) -> None:
        """Range les versions par réservataire et par date ; l'ordre d'entrée est indifférent."""
        self.versions = tuple(
            sorted(versions, key=lambda version: (version.reservataire.code, version.debut, version.identifiant))
        )
        self._par_reservataire: dict[int, list[VersionConvention]] = {}
        for version in self.versions:
            self._par_reservataire.setdefault(version.reservataire.identifiant, []).append(version)

    def de(self, reservataire: int) -> tuple[VersionConvention, ...]:
        """Versions d'un réservataire, par date."""
        return tuple(self._par_reservataire.get(reservataire, ()))

    def en_vigueur(self, le: date) -> tuple[VersionConvention, ...]:
        """Versions qui courent ce jour-là."""
        return tuple(version for version in self.versions if version.court(le))

    def entre(self, debut: date, fin: date) -> tuple[VersionConvention, ...]:
        """Versions qui courent au moins un jour de la période."""
        return tuple(version for version in self.versions if version.court_entre(debut, fin))

    def applicable(self, reservataire: int, le: date) -> VersionConvention | None:
        """La version à laquelle une orientation de ce jour se rattache.

        Celle qui court ce jour-là ; à défaut la plus récente qui a couru avant, sinon la première qui court ensuite, sinon aucune.
        """
        versions = self._par_reservataire.get(reservataire)
        if not versions:
            return None
        anterieures = [version for version in versions if version.debut <= le]
        return anterieures[-1] if anterieures else versions[0]

    def premieres_locations_dans_le_flux(self, commune: str, le: date) -> bool:
        """Vrai si une convention en vigueur qui court sur la commune y compte les premières locations (RG-22)."""
        return any(
            version.premieres_locations_dans_le_flux
            and version.court(le)
            and any(commune in ligne.assiette for ligne in version.lignes_le(le))
            for version in self.versions
        )

    def etat(self, le: date) -> VersionConvention | None:
        """La convention de l'État en vigueur ce jour-là, s'il y en a une."""
        return next((version for version in self.versions if version.reservataire.est_etat and version.court(le)), None)
