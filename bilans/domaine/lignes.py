"""Le bilan du 28 février : logements proposés et attribués par croisement, et toutes les sections de l'année (RG-60)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from attributions.domaine.codes import code_compte
from attributions.domaine.decompte import FaitsOrientation, est_public_conforme, par_rang
from bilans.domaine.faits import FaitsFlux, FaitsLiberation
from bilans.domaine.flux import FluxAnnuel
from bilans.domaine.qualification import LectureDesConventions, LiberationQualifiee
from conventions.domaine.versions import sous_contingent_de
from flux_reservations.droit.assiette import Qualification, periode_de_construction


class Croisement(NamedTuple):
    """Les six axes de RG-60, dans l'ordre du contrat : c'est aussi l'ordre du tri."""

    compte: str
    commune: str
    qpv: bool
    typologie: str
    financement: str
    periode_construction: str


@dataclass(frozen=True, slots=True)
class LigneDeBilan:
    """Un croisement non nul, et les libérations qui le composent (pour déplier)."""

    croisement: Croisement
    liberations_proposees: tuple[int, ...] = ()
    liberations_attribuees: tuple[int, ...] = ()

    @property
    def proposes(self) -> int:
        """Logements mis à disposition du compte dans l'année (orientés, en gestion déléguée ou au bailleur)."""
        return len(self.liberations_proposees)

    @property
    def attribues(self) -> int:
        """Baux signés dans l'année sur le compte."""
        return len(self.liberations_attribuees)


class Section(StrEnum):
    """Les sections du bilan : leur somme est celle des baux signés de l'année (RG-60)."""

    FLUX = "flux"
    PREMIERES_LOCATIONS = "premieres_locations"
    RELOGEMENTS_ET_MUTATIONS = "relogements_et_mutations"
    STOCK_MAINTENU = "stock_maintenu"
    SANS_ORIENTATION = "sans_orientation"
    HORS_CHAMP = "hors_champ"


@dataclass(frozen=True, slots=True)
class Attribution:
    """Un bail signé dans l'année : sa section, son compte (vide si le logement n'est d'aucun compte) et sa libération."""

    liberation: FaitsLiberation
    section: Section
    compte: str
    est_en_qpv: bool


class _Comptes:
    """Nomme les comptes et lit leur gestion, une fois par réservataire."""

    def __init__(self, faits: FaitsFlux) -> None:
        self._faits = faits
        self._lecture = LectureDesConventions(faits.conventions, faits.etat.identifiant if faits.etat else None)

    def nom(self, orientation: FaitsOrientation) -> str:
        """Le compte de l'orientation au contrat."""
        if orientation.reservataire is None:
            return code_compte("", "")
        partie = self._faits.reservataires[orientation.reservataire]
        return code_compte(partie.code, sous_contingent_de(partie, orientation.sous_contingent))

    def est_deleguee(self, orientation: FaitsOrientation) -> bool:
        """Vrai si la convention de l'orientation est en gestion déléguée."""
        return orientation.reservataire is not None and self._lecture.modalites(orientation).est_deleguee

    def date_de_proposition(self, orientation: FaitsOrientation) -> date | None:
        """Jour où le logement est proposé au compte : mise à disposition ; orientation, si déléguée ou au bailleur (RG-60)."""
        if orientation.est_du_bailleur or self.est_deleguee(orientation):
            return orientation.date_orientation
        return orientation.date_mise_a_disposition

    def du_bail(self, qualifiee: LiberationQualifiee) -> str:
        """Le compte auquel le bail est attribué ; le bailleur après une carence, ou si le public n'est pas celui du compte."""
        orientation = qualifiee.orientation_du_bail
        if orientation is None:
            return "" if qualifiee.est_sans_orientation else code_compte("", "")
        if self.est_deleguee(orientation) and not est_public_conforme(orientation.public, orientation.sous_contingent):
            return code_compte("", "")
        return self.nom(orientation)


def attributions_de_l_annee(faits: FaitsFlux, flux: FluxAnnuel) -> tuple[Attribution, ...]:
    """Tous les baux signés de l'année, chacun dans une section et une seule (RG-60)."""
    comptes = _Comptes(faits)
    return tuple(
        Attribution(qualifiee.faits, section_de(qualifiee), comptes.du_bail(qualifiee), qualifiee.est_en_qpv)
        for qualifiee in flux.liberations
        if qualifiee.est_louee_entre(faits.premier_jour, faits.dernier_jour)
    )


def section_de(qualifiee: LiberationQualifiee) -> Section:
    """La section d'un bail."""
    if qualifiee.qualification is Qualification.FLUX:
        return Section.SANS_ORIENTATION if qualifiee.est_sans_orientation else Section.FLUX
    return {
        Qualification.EXCLUE: Section.RELOGEMENTS_ET_MUTATIONS,
        Qualification.PREMIERE_LOCATION: Section.PREMIERES_LOCATIONS,
        Qualification.STOCK_MAINTENU: Section.STOCK_MAINTENU,
    }.get(qualifiee.qualification, Section.HORS_CHAMP)


def calculer_lignes(faits: FaitsFlux, flux: FluxAnnuel) -> tuple[LigneDeBilan, ...]:
    """Une ligne par croisement non nul, libérations du flux seules, triées dans l'ordre des clés (formats.md § 2)."""
    comptes = _Comptes(faits)
    proposees: dict[Croisement, list[int]] = {}
    attribuees: dict[Croisement, list[int]] = {}
    for qualifiee in flux.liberations:
        if not qualifiee.est_du_flux:
            continue
        for compte, le in _propositions(qualifiee, comptes, faits):
            proposees.setdefault(_croiser(compte, qualifiee.faits, le, faits), []).append(qualifiee.faits.identifiant)
        le_bail = qualifiee.faits.date_bail
        if le_bail and qualifiee.est_louee_entre(faits.premier_jour, faits.dernier_jour):
            compte = comptes.du_bail(qualifiee)
            if compte:
                attribuees.setdefault(_croiser(compte, qualifiee.faits, le_bail, faits), []).append(
                    qualifiee.faits.identifiant
                )
    return tuple(
        LigneDeBilan(croisement, tuple(proposees.get(croisement, ())), tuple(attribuees.get(croisement, ())))
        for croisement in sorted(proposees.keys() | attribuees.keys())
    )


def _propositions(qualifiee: LiberationQualifiee, comptes: _Comptes, faits: FaitsFlux) -> Iterator[tuple[str, date]]:
    """Comptes auxquels la libération a été proposée dans l'année ; un même compte n'est compté qu'une fois."""
    vus = set()
    for orientation in par_rang(qualifiee.faits.orientations):
        le = comptes.date_de_proposition(orientation)
        if le is None or not faits.premier_jour <= le <= faits.dernier_jour:
            continue
        compte = comptes.nom(orientation)
        if compte not in vus:
            vus.add(compte)
            yield compte, le


def _croiser(compte: str, liberation: FaitsLiberation, le: date, faits: FaitsFlux) -> Croisement:
    """Les axes d'un logement, tels qu'ils étaient ce jour-là (RG-04)."""
    return Croisement(
        compte,
        liberation.commune,
        liberation.est_en_qpv(le),
        liberation.typologie,
        liberation.financement,
        periode_de_construction(liberation.annee_construction, faits.dernier_jour),
    )
