"""Ce que sont devenus les logements proposés : orientations, rendus, carences, baux, délais, par compte (RG-60)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from attributions.domaine.codes import COMPTE_BAILLEUR, Issue, code_compte
from attributions.domaine.decompte import FaitsOrientation
from attributions.domaine.limites import limite_prolongee
from bilans.domaine.faits import FaitsFlux
from bilans.domaine.flux import FluxAnnuel
from bilans.domaine.lignes import Attribution, Section
from bilans.domaine.qualification import LectureDesConventions, LiberationQualifiee
from conventions.domaine.versions import sous_contingent_de


@dataclass(slots=True)
class Suites:
    """Les suites d'un compte dans l'année, en logements ; les délais en jours, un par bail."""

    compte: str
    orientes: int = 0
    mis_a_disposition: int = 0
    rendus: int = 0
    carences: int = 0
    baux: int = 0
    conge_au_bail: list[int] = field(default_factory=list)
    disponibilite_au_bail: list[int] = field(default_factory=list)
    mise_a_disposition_au_bail: list[int] = field(default_factory=list)


def moyenne(jours: Iterable[int]) -> Fraction | None:
    """Moyenne exacte, en jours ; None sans rien à moyenner."""
    liste = list(jours)
    return Fraction(sum(liste), len(liste)) if liste else None


def compte_de(orientation: FaitsOrientation, faits: FaitsFlux) -> str:
    """Le compte d'une orientation, au contrat."""
    if orientation.reservataire is None:
        return COMPTE_BAILLEUR
    partie = faits.reservataires[orientation.reservataire]
    return code_compte(partie.code, sous_contingent_de(partie, orientation.sous_contingent))


def suites_de_l_annee(faits: FaitsFlux, flux: FluxAnnuel, attributions: Iterable[Attribution]) -> tuple[Suites, ...]:
    """Les suites de l'année, libérations du flux seules, un compte par ligne, triées par compte."""
    par_compte: dict[str, Suites] = {}

    def suites(compte: str) -> Suites:
        return par_compte.setdefault(compte, Suites(compte))

    lecture = LectureDesConventions(faits.conventions, faits.etat.identifiant if faits.etat else None)
    for qualifiee in flux.liberations:
        if qualifiee.est_du_flux:
            for orientation in qualifiee.faits.orientations:
                _compter(suites(compte_de(orientation, faits)), orientation, faits, lecture)
    qualifiees = {qualifiee.faits.identifiant: qualifiee for qualifiee in flux.liberations}
    for attribution in attributions:
        if attribution.section is Section.FLUX and attribution.compte:
            _chronometrer(suites(attribution.compte), qualifiees[attribution.liberation.identifiant])
    return tuple(par_compte[compte] for compte in sorted(par_compte) if _a_vecu(par_compte[compte]))


def _compter(suites: Suites, orientation: FaitsOrientation, faits: FaitsFlux, lecture: LectureDesConventions) -> None:
    def de_l_annee(jour: date | None) -> bool:
        return jour is not None and faits.premier_jour <= jour <= faits.dernier_jour

    if orientation.issue != Issue.RETIRE or orientation.date_mise_a_disposition is not None:
        suites.orientes += de_l_annee(orientation.date_orientation)
    suites.mis_a_disposition += de_l_annee(orientation.date_mise_a_disposition)
    suites.rendus += de_l_annee(orientation.date_rendu)
    if orientation.issue == Issue.CARENCE:
        suites.carences += de_l_annee(_date_de_carence(orientation, lecture))


def _date_de_carence(orientation: FaitsOrientation, lecture: LectureDesConventions) -> date:
    """La date limite de présentation (RG-46)."""
    modalites = lecture.modalites(orientation)
    depart = orientation.date_mise_a_disposition or orientation.date_orientation
    return limite_prolongee(depart, modalites.delai_jours, modalites.delai_unite, orientation.date_limite_prolongee)


def _chronometrer(suites: Suites, qualifiee: LiberationQualifiee) -> None:
    bail = qualifiee.faits.date_bail
    assert bail is not None  # noqa: S101 : une attribution a un bail
    suites.baux += 1
    orientation = qualifiee.orientation_du_bail
    mise_a_disposition = orientation.date_mise_a_disposition if orientation else None
    for delais, depart in (
        (suites.conge_au_bail, qualifiee.faits.date_conge),
        (suites.disponibilite_au_bail, qualifiee.faits.date_disponibilite),
        (suites.mise_a_disposition_au_bail, mise_a_disposition),
    ):
        if depart is not None:
            delais.append((bail - depart).days)


def _a_vecu(suites: Suites) -> bool:
    return any((suites.orientes, suites.mis_a_disposition, suites.rendus, suites.carences, suites.baux))


def presenter_suites(suites: Iterable[Suites]) -> Iterator[dict[str, object]]:
    """Lignes du document ; une moyenne est une fraction exacte en chaîne (« 452/7 »), None si elle n'existe pas."""
    for une in suites:
        yield {
            "compte": une.compte,
            "orientes": une.orientes,
            "mis_a_disposition": une.mis_a_disposition,
            "rendus": une.rendus,
            "carences": une.carences,
            "baux": une.baux,
            "jours_du_conge_au_bail": _chaine(moyenne(une.conge_au_bail)),
            "jours_de_la_disponibilite_au_bail": _chaine(moyenne(une.disponibilite_au_bail)),
            "jours_de_la_mise_a_disposition_au_bail": _chaine(moyenne(une.mise_a_disposition_au_bail)),
        }


def _chaine(valeur: Fraction | None) -> str | None:
    return None if valeur is None else str(valeur)
