"""Ce que chaque libération est pour le flux, et à qui elle est imputée (RG-22, RG-30, RG-45, RG-46)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from attributions.domaine.codes import Issue, NatureLiberation
from attributions.domaine.decompte import (
    FaitsOrientation,
    Imputation,
    est_reprise_par_le_bailleur,
    imputer,
    orientation_du_bail,
    par_rang,
)
from bilans.domaine.faits import FaitsFlux, FaitsLiberation
from conventions.domaine.codes import SousContingent
from conventions.domaine.versions import MODALITES_PAR_DEFAUT, Conventions, Modalites, VersionConvention
from flux_reservations.droit.assiette import Qualification, qualifier


@dataclass(frozen=True, slots=True)
class LiberationQualifiee:
    """Une libération, sa qualification, son décompte (toutes années) et son QPV à la date de référence."""

    faits: FaitsLiberation
    qualification: Qualification
    est_en_qpv: bool
    imputation: Imputation | None = None

    @property
    def est_du_flux(self) -> bool:
        """Vrai si elle peut être décomptée (ni exclue, ni hors champ, ni à part)."""
        return self.qualification is Qualification.FLUX

    @property
    def est_premiere_location(self) -> bool:
        """Vrai pour un programme neuf (RG-22)."""
        return self.faits.nature == NatureLiberation.PREMIERE_LOCATION

    def est_louee_entre(self, debut: date, fin: date) -> bool:
        """Vrai si le bail est signé dans la période (bornes incluses)."""
        return self.faits.date_bail is not None and debut <= self.faits.date_bail <= fin

    def est_imputee_entre(self, debut: date, fin: date) -> bool:
        """Vrai si elle est décomptée dans la période (bornes incluses)."""
        return self.imputation is not None and debut <= self.imputation.date <= fin

    @property
    def orientation_du_bail(self) -> FaitsOrientation | None:
        """L'orientation qui a produit le bail ; None sans bail, ou si le bailleur a repris le logement."""
        ordonnees = par_rang(self.faits.orientations)
        return orientation_du_bail(ordonnees, self.faits.date_bail)

    @property
    def est_sans_orientation(self) -> bool:
        """Vrai si le bail n'est le fruit d'aucune orientation ni d'une reprise : il n'est décompté à personne (RG-46)."""
        if self.faits.date_bail is None or self.orientation_du_bail is not None:
            return False
        return not est_reprise_par_le_bailleur(par_rang(self.faits.orientations))


class LectureDesConventions:
    """Relie une orientation à la convention qui la régit."""

    def __init__(self, conventions: Conventions, etat: int | None) -> None:
        """`etat` : le réservataire État du département, dont les modalités régissent le repli (RG-46)."""
        self._conventions = conventions
        self._etat = etat
        self._memo: dict[tuple[int, date], VersionConvention | None] = {}

    def version(self, reservataire: int | None, sous_contingent: str, le: date) -> VersionConvention | None:
        """La convention du compte à cette date ; pour le repli, celle de l'État."""
        if (
            sous_contingent == SousContingent.REPLI
            and self._etat is not None
            and not self._conventions.de(reservataire or 0)
        ):
            reservataire = self._etat
        if reservataire is None:
            return None
        cle = (reservataire, le)
        if cle not in self._memo:
            self._memo[cle] = self._conventions.applicable(reservataire, le)
        return self._memo[cle]

    def modalites(self, orientation: FaitsOrientation) -> Modalites:
        """Modalités de la convention en vigueur à la date d'orientation (RG-46), ou celles par défaut."""
        version = self.version(orientation.reservataire, orientation.sous_contingent, orientation.date_orientation)
        return version.modalites if version else MODALITES_PAR_DEFAUT


def qualifier_les_liberations(faits: FaitsFlux) -> tuple[LiberationQualifiee, ...]:
    """Qualifie et impute chaque libération, dans l'ordre (disponibilité, numéro)."""
    lecture = LectureDesConventions(faits.conventions, faits.etat.identifiant if faits.etat else None)
    return tuple(
        _qualifier_une(liberation, faits, lecture)
        for liberation in sorted(
            faits.liberations, key=lambda liberation: (liberation.date_disponibilite, liberation.numero)
        )
    )


def _qualifier_une(
    liberation: FaitsLiberation, faits: FaitsFlux, lecture: LectureDesConventions
) -> LiberationQualifiee:
    le = liberation.date_de_reference
    situation = liberation.situation(le)
    est_premiere = liberation.nature == NatureLiberation.PREMIERE_LOCATION
    qualification = qualifier(
        est_retiree=bool(liberation.retrait),
        est_hors_champ=bool(situation.hors_champ),
        est_en_stock_maintenu=liberation.stock_maintenu_de is not None,
        est_premiere_location=est_premiere,
        premiere_location_dans_le_flux=est_premiere
        and faits.conventions.premieres_locations_dans_le_flux(liberation.commune, le),
        exclusion=liberation.exclusion,
    )
    imputation = None
    if qualification is Qualification.FLUX:
        imputation = imputer(liberation.orientations, liberation.date_bail, lecture.modalites)
        if imputation and est_premiere and not _compte_les_premieres_locations(imputation, lecture):
            imputation = None
    return LiberationQualifiee(liberation, qualification, bool(situation.qpv), imputation)


def _compte_les_premieres_locations(imputation: Imputation, lecture: LectureDesConventions) -> bool:
    """Vrai si le compte imputé met ses premières locations dans le flux ; le bailleur les y met toujours (RG-22)."""
    if imputation.reservataire is None or imputation.date_orientation is None:
        return True
    version = lecture.version(imputation.reservataire, imputation.sous_contingent, imputation.date_orientation)
    return version is not None and version.premieres_locations_dans_le_flux


def a_une_orientation_active(liberation: FaitsLiberation) -> bool:
    """Vrai si une orientation au moins n'est ni rendue ni retirée."""
    return any(orientation.issue not in {Issue.RENDU, Issue.RETIRE} for orientation in liberation.orientations)
