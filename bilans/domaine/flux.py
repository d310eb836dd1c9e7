"""Le flux annuel : des faits à l'assiette, aux droits, au décompte et aux soldes (RG-30 à RG-47). Aucun flottant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from attributions.domaine.codes import Exclusion, code_compte
from attributions.domaine.decompte import Imputation
from bilans.domaine.droits import DroitDeLigne, baux_du_flux, lignes_du_repli, lignes_par_compte, taux_de_rang
from bilans.domaine.faits import CleDeCompte, FaitsFlux
from bilans.domaine.qualification import LectureDesConventions, LiberationQualifiee, qualifier_les_liberations
from conventions.domaine.codes import Report, SousContingent
from conventions.domaine.repli import Repli
from conventions.domaine.versions import PartieReservataire, VersionConvention, appliquer_report, sous_contingent_de
from flux_reservations.droit.assiette import Assiette, Qualification
from flux_reservations.droit.repartition import DroitsEntiers, Quota, complement_du_bailleur, droits_entiers

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
    `solde_anterieur` est le solde de la fin de N−1 avant la politique de report, None s'il n'est pas connu.
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


@dataclass(frozen=True, slots=True)
class PartsDeLEtat:
    """De quoi dire la part de l'État (sans le repli), dans le flux et hors QPV (RG-37)."""

    decompte: int
    decompte_hors_qpv: int
    flux: int
    flux_hors_qpv: int


@dataclass(frozen=True, slots=True)
class FluxAnnuel:
    """Le flux d'une année d'un bailleur dans un département."""

    bailleur: str
    departement: str
    annee: int
    assiette: Assiette
    comptes: tuple[CompteAnnuel, ...]
    non_reserve: CompteAnnuel
    replis: tuple[Repli, ...]
    logements_du_champ: int
    etat: PartsDeLEtat
    liberations: tuple[LiberationQualifiee, ...]

    @property
    def droit_de_repli(self) -> Fraction:
        """Droit théorique du repli, tous réservataires confondus (RG-19)."""
        return sum((compte.droit_theorique for compte in self.comptes if compte.sous_contingent == SousContingent.REPLI), Fraction(0))

    @property
    def droits_de_repli(self) -> int:
        """Droits en stock non convertis au 1er janvier."""
        return sum(repli.droits for repli in self.replis)

    def compte(self, nom: str) -> CompteAnnuel | None:
        """Le (premier) compte de ce nom ; None s'il n'existe pas dans l'année."""
        return next((compte for compte in self.comptes if compte.compte == nom), None)


def calculer_flux(faits: FaitsFlux) -> FluxAnnuel:
    """Calcule le flux de l'année ; le résultat ne dépend que des faits, jamais de leur ordre."""
    liberations = qualifier_les_liberations(faits)
    baux = baux_du_flux(liberations, faits.premier_jour, faits.dernier_jour)
    assiette = calculer_assiette(faits, liberations)
    decomptes, cles_de_repli = _ranger_les_decomptes(faits, liberations)
    ouverts = _ouvrir_les_comptes(faits, lignes_par_compte(faits, baux), decomptes)
    repli = lignes_du_repli(faits.replis, baux)
    if repli or cles_de_repli:
        ouverts.append(_compte_de_repli(faits, repli, cles_de_repli))
    quotas = [_quota(indice, compte, faits) for indice, compte in enumerate(ouverts)]
    entiers = droits_entiers(assiette.flux, quotas)
    comptes = tuple(
        sorted(
            (_avec_droit(compte, entiers.par_compte[str(indice)]) for indice, compte in enumerate(ouverts)),
            key=lambda compte: (compte.compte, compte.convention),
        )
    )
    return FluxAnnuel(
        bailleur=faits.bailleur,
        departement=faits.departement,
        annee=faits.annee,
        assiette=assiette,
        comptes=comptes,
        non_reserve=_compte_du_bailleur(assiette, comptes, entiers, decomptes),
        replis=faits.replis,
        logements_du_champ=faits.logements_du_champ,
        etat=_parts_de_l_etat(faits, liberations, comptes, assiette),
        liberations=liberations,
    )


def calculer_assiette(faits: FaitsFlux, liberations: Iterable[LiberationQualifiee]) -> Assiette:
    """A, B par motif et C (RG-30) ; premières locations tenues à part."""
    louees = [qualifiee for qualifiee in liberations if qualifiee.est_louee_entre(faits.premier_jour, faits.dernier_jour)]
    comptees = Counter(qualifiee.qualification for qualifiee in louees)
    motifs = Counter(qualifiee.faits.exclusion for qualifiee in louees if qualifiee.qualification is Qualification.EXCLUE)
    return Assiette(
        mises_en_location=comptees[Qualification.FLUX] + comptees[Qualification.EXCLUE],
        exclusions={motif.value: motifs[motif.value] for motif in Exclusion},
        premieres_locations=comptees[Qualification.PREMIERE_LOCATION],
    )


def _ranger_les_decomptes(
    faits: FaitsFlux, liberations: Iterable[LiberationQualifiee]
) -> tuple[dict[tuple[int | None, int | None, str], list[Decompte]], list[Decompte]]:
    """Décomptes de l'année par (origine, réservataire, sous-contingent), et ceux du repli.

    La convention est celle du réservataire en vigueur à la date d'orientation ; origine None : il n'en a jamais eu.
    """
    lecture = LectureDesConventions(faits.conventions, None)
    par_compte: dict[tuple[int | None, int | None, str], list[Decompte]] = {}
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
            sous_contingent = sous_contingent_de(faits.reservataires[imputation.reservataire], imputation.sous_contingent)
        cle = (version.origine if version else None, imputation.reservataire, sous_contingent)
        par_compte.setdefault(cle, []).append(decompte)
    return par_compte, repli


def _ouvrir_les_comptes(
    faits: FaitsFlux,
    lignes: dict[CleDeCompte, list[DroitDeLigne]],
    decomptes: dict[tuple[int | None, int | None, str], list[Decompte]],
) -> list[CompteAnnuel]:
    """Un compte par (convention qui court dans l'année, sous-contingent), ou qui a un décompte (formats.md § 2)."""
    versions: dict[int, list[VersionConvention]] = {}
    for version in faits.conventions.versions:
        versions.setdefault(version.origine, []).append(version)
    cles: dict[CleDeCompte, PartieReservataire] = {
        cle: versions[cle[0]][0].reservataire for cle in lignes
    }
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
    reference = version_de_reference(versions, faits)
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
        solde_anterieur=anterieur,
    )


def version_de_reference(versions: Sequence[VersionConvention], faits: FaitsFlux) -> VersionConvention:
    """La version dont la politique de report s'applique : celle d'avant ou du 1er janvier, à défaut la première (RG-47)."""
    anterieures = [version for version in versions if version.debut <= faits.premier_jour]
    return max(anterieures, key=lambda version: version.debut) if anterieures else min(versions, key=lambda version: version.debut)


def _compte_sans_convention(partie: PartieReservataire, sous_contingent: str, decomptes: Sequence[Decompte]) -> CompteAnnuel:
    return CompteAnnuel(
        partie.code, sous_contingent, "", None, partie.identifiant, Fraction(0), 0, decomptes=tuple(decomptes)
    )


def _compte_de_repli(faits: FaitsFlux, lignes: Sequence[DroitDeLigne], decomptes: Sequence[Decompte]) -> CompteAnnuel:
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


def _quota(indice: int, compte: CompteAnnuel, faits: FaitsFlux) -> Quota:
    """Le droit d'un compte, prêt à être arrondi : son rang vient de la somme de ses lignes."""
    if compte.sous_contingent == SousContingent.REPLI:
        somme = sum((repli.taux for repli in faits.replis), Fraction(0))
        taux = Decimal(somme.numerator) / Decimal(somme.denominator)
    else:
        versions = [
            version
            for version in faits.conventions.entre(faits.premier_jour, faits.dernier_jour)
            if version.origine == compte.origine
        ]
        taux = taux_de_rang(versions, compte.sous_contingent)
    return Quota(str(indice), compte.compte, compte.droit_theorique, taux, compte.sous_contingent)


def _avec_droit(compte: CompteAnnuel, droit: int) -> CompteAnnuel:
    return replace(compte, droit=droit)


def _compte_du_bailleur(
    assiette: Assiette,
    comptes: Iterable[CompteAnnuel],
    entiers: DroitsEntiers,
    decomptes: dict[tuple[int | None, int | None, str], list[Decompte]],
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


def _parts_de_l_etat(
    faits: FaitsFlux, liberations: Iterable[LiberationQualifiee], comptes: Iterable[CompteAnnuel], assiette: Assiette
) -> PartsDeLEtat:
    """Décompte de l'État (sans le repli) et flux, en tout et hors QPV."""
    decomptes = [
        decompte
        for compte in comptes
        if compte.sous_contingent in {SousContingent.PRIORITAIRES, SousContingent.AGENTS}
        for decompte in compte.decomptes
    ]
    hors_qpv = sum(
        1
        for qualifiee in liberations
        if qualifiee.est_du_flux
        and not qualifiee.est_en_qpv
        and qualifiee.est_louee_entre(faits.premier_jour, faits.dernier_jour)
    )
    return PartsDeLEtat(
        decompte=len(decomptes),
        decompte_hors_qpv=sum(1 for decompte in decomptes if not decompte.est_en_qpv),
        flux=assiette.flux,
        flux_hors_qpv=hors_qpv,
    )
