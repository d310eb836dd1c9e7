"""Le bilan du 28 février : logements proposés et attribués par croisement, et toutes les sections de l'année (RG-60)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from attributions.domaine.codes import COMPTE_BAILLEUR, Issue, code_compte
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
    """Nomme les comptes et lit leur gestion, une fois par réservataire et par jour."""

    def __init__(self, faits: FaitsFlux) -> None:
        self._faits = faits
        self._lecture = LectureDesConventions(faits.conventions, faits.etat.identifiant if faits.etat else None)
        self._noms: dict[tuple[int, str], str] = {}
        self._gestions: dict[tuple[int, str, date], bool] = {}

    def nom(self, orientation: FaitsOrientation) -> str:
        """Le compte de l'orientation au contrat."""
        reservataire = orientation.reservataire
        if reservataire is None:
            return COMPTE_BAILLEUR
        cle = (reservataire, orientation.sous_contingent)
        if cle not in self._noms:
            partie = self._faits.reservataires[reservataire]
            self._noms[cle] = code_compte(partie.code, sous_contingent_de(partie, orientation.sous_contingent))
        return self._noms[cle]

    def est_deleguee(self, orientation: FaitsOrientation) -> bool:
        """Vrai si la convention de l'orientation est en gestion déléguée."""
        reservataire = orientation.reservataire
        if reservataire is None:
            return False
        cle = (reservataire, orientation.sous_contingent, orientation.date_orientation)
        if cle not in self._gestions:
            self._gestions[cle] = self._lecture.modalites(orientation).est_deleguee
        return self._gestions[cle]

    def date_de_proposition(self, orientation: FaitsOrientation) -> date | None:
        """Jour où le logement est proposé au compte : mise à disposition ; orientation, si déléguée ou au bailleur (RG-60).

        Une orientation retirée sans avoir été mise à disposition est une erreur annulée : elle n'a rien proposé à personne.
        """
        if orientation.est_du_bailleur or self.est_deleguee(orientation):
            return None if orientation.issue == Issue.RETIRE else orientation.date_orientation
        return orientation.date_mise_a_disposition

    def du_bail(self, qualifiee: LiberationQualifiee) -> str:
        """Le compte auquel le bail est attribué ; le bailleur après une carence, ou si le public n'est pas celui du compte."""
        orientation = qualifiee.orientation_du_bail
        if orientation is None:
            return "" if qualifiee.est_sans_orientation else COMPTE_BAILLEUR
        if self.est_deleguee(orientation) and not est_public_conforme(orientation.public, orientation.sous_contingent):
            return COMPTE_BAILLEUR
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


def calculer_lignes(faits: FaitsFlux, liberations: Iterable[LiberationQualifiee]) -> tuple[LigneDeBilan, ...]:
    """Une ligne par croisement non nul, libérations du flux seules, triées dans l'ordre des clés (formats.md § 2)."""
    comptes, axes = _Comptes(faits), _Axes(faits)
    proposees: dict[Croisement, list[int]] = {}
    attribuees: dict[Croisement, list[int]] = {}
    for qualifiee in liberations:
        if not qualifiee.est_du_flux:
            continue
        liberation = qualifiee.faits
        for compte, le in _propositions(liberation, comptes, axes):
            proposees.setdefault(axes.croiser(compte, liberation, le), []).append(liberation.identifiant)
        le_bail = liberation.date_bail
        if le_bail and axes.premier_jour <= le_bail <= axes.dernier_jour:
            compte = comptes.du_bail(qualifiee)
            if compte:
                attribuees.setdefault(axes.croiser(compte, liberation, le_bail), []).append(liberation.identifiant)
    return tuple(
        LigneDeBilan(croisement, tuple(proposees.get(croisement, ())), tuple(attribuees.get(croisement, ())))
        for croisement in sorted(proposees.keys() | attribuees.keys())
    )


class _Axes:
    """Les axes d'un logement un jour donné (RG-04) ; les bornes de l'année et les périodes se lisent une fois."""

    def __init__(self, faits: FaitsFlux) -> None:
        self.premier_jour, self.dernier_jour = faits.premier_jour, faits.dernier_jour
        self._periodes: dict[int | None, str] = {}

    def croiser(self, compte: str, liberation: FaitsLiberation, le: date) -> Croisement:
        """Le croisement des six axes."""
        annee = liberation.annee_construction
        if annee not in self._periodes:
            self._periodes[annee] = periode_de_construction(annee, self.dernier_jour)
        return Croisement(
            compte,
            liberation.commune,
            liberation.est_en_qpv(le),
            liberation.typologie,
            liberation.financement,
            self._periodes[annee],
        )


def _propositions(liberation: FaitsLiberation, comptes: _Comptes, axes: _Axes) -> Iterator[tuple[str, date]]:
    """Comptes auxquels la libération a été proposée dans l'année ; un même compte n'est compté qu'une fois."""
    vus = set()
    for orientation in par_rang(liberation.orientations):
        le = comptes.date_de_proposition(orientation)
        if le is None or not axes.premier_jour <= le <= axes.dernier_jour:
            continue
        compte = comptes.nom(orientation)
        if compte not in vus:
            vus.add(compte)
            yield compte, le
