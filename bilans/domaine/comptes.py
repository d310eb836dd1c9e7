"""Les comptes de l'année : ouverts par une convention qui court ou par un décompte, avec leur report (RG-03, RG-47)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from attributions.domaine.codes import code_compte
from attributions.domaine.decompte import Imputation
from bilans.domaine.droits import DroitDeLigne
from bilans.domaine.faits import CleDeCompte, FaitsFlux
from bilans.domaine.qualification import LectureDesConventions, LiberationQualifiee
from conventions.domaine.codes import Report, SousContingent
from conventions.domaine.versions import (
    PartieReservataire,
    VersionConvention,
    appliquer_report,
    sous_contingent_de,
    version_de_reference,
)
from flux_reservations.commun.calendrier import UN_JOUR
from flux_reservations.droit.assiette import Assiette
from flux_reservations.droit.repartition import DroitsEntiers, complement_du_bailleur

CODE_ETAT_INCONNU = "ETAT"
"""Code du repli quand aucun réservataire État n'est enregistré pour le département."""


@dataclass(frozen=True, slots=True)
class Decompte:
    """Une libération imputée à un compte dans l'année, et pourquoi."""

    liberation: int
    est_en_qpv: bool
    imputation: Imputation


@dataclass(frozen=True, slots=True)
class CompteAnnuel:
    """Un compte dans l'année : son droit, son report, son décompte, son solde, et de quoi les déplier (RG-03, RG-47).

    `convention` est le numéro de la première version de la chaîne, vide pour le repli et pour un réservataire sans convention.
    `solde_anterieur` est le solde de la fin de N−1 avant la politique de report, None s'il n'est pas connu ; `plafond_de_report`
    (logements) ne sert qu'à un report plafonné. `politique_suivante` et `plafond_suivant` : ceux qui s'appliqueront au 1er janvier de N+1.
    """

    code: str
    sous_contingent: str
    convention: str
    origine: int | None
    reservataire: int | None
    droit_theorique: Fraction
    droit: int
    lignes: tuple[DroitDeLigne, ...] = ()
    decomptes: tuple[Decompte, ...] = ()
    report: Fraction = Fraction(0)
    politique_de_report: str = Report.AUCUN
    plafond_de_report: int | None = None
    politique_suivante: str = Report.AUCUN
    plafond_suivant: int | None = None
    solde_anterieur: Fraction | None = None

    @property
    def compte(self) -> str:
        """Le compte au contrat (`CODE`, `CODE/agents`…)."""
        return code_compte(self.code, self.sous_contingent)

    @property
    def decompte(self) -> int:
        """Nombre de logements imputés dans l'année."""
        return len(self.decomptes)

    @property
    def solde(self) -> Fraction:
        """Droit théorique + report − décompte : retard s'il est positif, avance s'il est négatif (RG-47)."""
        return self.droit_theorique + self.report - self.decompte

    @property
    def non_reporte(self) -> Fraction:
        """Ce que la politique de report de la convention ne passe pas à l'année suivante (RG-47)."""
        return self.solde - appliquer_report(self.solde, self.politique_suivante, self.plafond_suivant)


CleDeDecompte = tuple[int | None, int | None, str]
"""(origine de la convention, réservataire, sous-contingent) ; tout vide : le bailleur."""


def ranger_les_decomptes(
    faits: FaitsFlux, liberations: Iterable[LiberationQualifiee]
) -> tuple[dict[CleDeDecompte, list[Decompte]], list[Decompte]]:
    """Décomptes de l'année par (origine, réservataire, sous-contingent), et ceux du repli.

    La convention est celle du réservataire en vigueur à la date d'orientation ; origine None : il n'en a jamais eu.
    """
    lecture = LectureDesConventions(faits.conventions, None)
    par_compte: dict[CleDeDecompte, list[Decompte]] = {}
    repli: list[Decompte] = []
    for qualifiee in liberations:
        imputation = qualifiee.imputation
        if imputation is None or not qualifiee.est_imputee_entre(faits.premier_jour, faits.dernier_jour):
            continue
        decompte = Decompte(qualifiee.faits.identifiant, qualifiee.est_en_qpv, imputation)
        if imputation.sous_contingent == SousContingent.REPLI:
            repli.append(decompte)
            continue
        version = None
        sous_contingent = ""
        if imputation.reservataire is not None and imputation.date_orientation is not None:
            version = lecture.version(imputation.reservataire, "", imputation.date_orientation)
            sous_contingent = sous_contingent_de(
                faits.reservataires[imputation.reservataire], imputation.sous_contingent
            )
        cle = (version.origine if version else None, imputation.reservataire, sous_contingent)
        par_compte.setdefault(cle, []).append(decompte)
    return par_compte, repli


def ouvrir_les_comptes(
    faits: FaitsFlux,
    lignes: dict[CleDeCompte, list[DroitDeLigne]],
    decomptes: dict[CleDeDecompte, list[Decompte]],
) -> list[CompteAnnuel]:
    """Un compte par (convention qui court dans l'année, sous-contingent), ou qui a un décompte (formats.md § 2)."""
    versions: dict[int, list[VersionConvention]] = {}
    for version in faits.conventions.versions:
        versions.setdefault(version.origine, []).append(version)
    cles: dict[CleDeCompte, PartieReservataire] = {cle: versions[cle[0]][0].reservataire for cle in lignes}
    comptes = []
    for (origine, reservataire, sous_contingent), imputes in decomptes.items():
        if reservataire is None:
            continue
        partie = faits.reservataires[reservataire]
        if origine is None:
            comptes.append(_compte_sans_convention(partie, sous_contingent, imputes))
        else:
            cles[origine, sous_contingent] = partie
    for (origine, sous_contingent), partie in cles.items():
        imputes = decomptes.get((origine, partie.identifiant, sous_contingent), [])
        comptes.append(
            _compte_de_convention(
                faits, versions[origine], partie, sous_contingent, lignes.get((origine, sous_contingent), []), imputes
            )
        )
    return sorted(comptes, key=lambda compte: (compte.compte, compte.convention))


def _compte_de_convention(
    faits: FaitsFlux,
    versions: Sequence[VersionConvention],
    partie: PartieReservataire,
    sous_contingent: str,
    lignes: Sequence[DroitDeLigne],
    decomptes: Sequence[Decompte],
) -> CompteAnnuel:
    reference = version_de_reference(versions, faits.premier_jour)
    suivante = version_de_reference(versions, faits.dernier_jour + UN_JOUR)
    saisi = faits.reports.get((reference.origine, sous_contingent))
    anterieur = Fraction(saisi) if saisi is not None else None
    report = appliquer_report(anterieur or Fraction(0), reference.politique_de_report, reference.report_plafond)
    return CompteAnnuel(
        code=partie.code,
        sous_contingent=sous_contingent,
        convention=reference.numero,
        origine=reference.origine,
        reservataire=partie.identifiant,
        droit_theorique=sum((ligne.droit for ligne in lignes), Fraction(0)),
        droit=0,
        lignes=tuple(lignes),
        decomptes=tuple(decomptes),
        report=report,
        politique_de_report=reference.politique_de_report,
        plafond_de_report=reference.report_plafond,
        politique_suivante=suivante.politique_de_report,
        plafond_suivant=suivante.report_plafond,
        solde_anterieur=anterieur,
    )


def _compte_sans_convention(
    partie: PartieReservataire, sous_contingent: str, decomptes: Sequence[Decompte]
) -> CompteAnnuel:
    return CompteAnnuel(
        partie.code, sous_contingent, "", None, partie.identifiant, Fraction(0), 0, decomptes=tuple(decomptes)
    )


def compte_de_repli(faits: FaitsFlux, lignes: Sequence[DroitDeLigne], decomptes: Sequence[Decompte]) -> CompteAnnuel:
    """Le compte `ETAT…/repli` : sans convention et sans report (RG-19)."""
    return CompteAnnuel(
        code=faits.etat.code if faits.etat else CODE_ETAT_INCONNU,
        sous_contingent=SousContingent.REPLI.value,
        convention="",
        origine=None,
        reservataire=faits.etat.identifiant if faits.etat else None,
        droit_theorique=sum((ligne.droit for ligne in lignes), Fraction(0)),
        droit=0,
        lignes=tuple(lignes),
        decomptes=tuple(decomptes),
    )


def compte_du_bailleur(
    assiette: Assiette,
    comptes: Iterable[CompteAnnuel],
    entiers: DroitsEntiers,
    decomptes: dict[CleDeDecompte, list[Decompte]],
) -> CompteAnnuel:
    """Le non réservé : le complément de tous les droits (RG-03)."""
    return CompteAnnuel(
        code="",
        sous_contingent="",
        convention="",
        origine=None,
        reservataire=None,
        droit_theorique=complement_du_bailleur(assiette.flux, (compte.droit_theorique for compte in comptes)),
        droit=entiers.bailleur,
        decomptes=tuple(decomptes.get((None, None, ""), ())),
    )
