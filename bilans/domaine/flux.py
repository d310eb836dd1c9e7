"""Le flux annuel : des faits à l'assiette, aux droits, au décompte et aux soldes (RG-30 à RG-47). Aucun flottant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from attributions.domaine.codes import Exclusion
from bilans.domaine.comptes import (
    CompteAnnuel,
    Decompte,
    compte_de_repli,
    compte_du_bailleur,
    ouvrir_les_comptes,
    ranger_les_decomptes,
)
from bilans.domaine.droits import baux_du_flux, lignes_du_repli, lignes_par_compte, taux_de_rang
from bilans.domaine.faits import FaitsFlux
from bilans.domaine.qualification import LiberationQualifiee, qualifier_les_liberations
from conventions.domaine.codes import SousContingent
from conventions.domaine.repli import Repli
from flux_reservations.droit.assiette import Assiette, Qualification
from flux_reservations.droit.repartition import Quota, droits_entiers

__all__ = [
    "CompteAnnuel",
    "Decompte",
    "FluxAnnuel",
    "PartsDeLEtat",
    "calculer_assiette",
    "calculer_flux",
]


@dataclass(frozen=True, slots=True)
class PartsDeLEtat:
    """De quoi dire la part de l'État (sans le repli), dans le flux, hors QPV (RG-37) et sur les premières locations (RG-22)."""

    decompte: int
    decompte_hors_qpv: int
    flux: int
    flux_hors_qpv: int
    premieres_locations: int = 0
    premieres_a_l_etat: int = 0


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
        return sum(
            (compte.droit_theorique for compte in self.comptes if compte.sous_contingent == SousContingent.REPLI),
            Fraction(0),
        )

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
    decomptes, cles_de_repli = ranger_les_decomptes(faits, liberations)
    ouverts = ouvrir_les_comptes(faits, lignes_par_compte(faits, baux), decomptes)
    repli = lignes_du_repli(faits, baux)
    if repli or cles_de_repli:
        ouverts.append(compte_de_repli(faits, repli, cles_de_repli))
    quotas = [_quota(indice, compte, faits) for indice, compte in enumerate(ouverts)]
    entiers = droits_entiers(assiette.flux, quotas)
    comptes = tuple(
        sorted(
            (replace(compte, droit=entiers.par_compte[str(indice)]) for indice, compte in enumerate(ouverts)),
            key=lambda compte: (compte.compte, compte.convention),
        )
    )
    return FluxAnnuel(
        bailleur=faits.bailleur,
        departement=faits.departement,
        annee=faits.annee,
        assiette=assiette,
        comptes=comptes,
        non_reserve=compte_du_bailleur(assiette, comptes, entiers, decomptes),
        replis=faits.replis,
        logements_du_champ=faits.logements_du_champ,
        etat=_parts_de_l_etat(faits, liberations, comptes, assiette),
        liberations=liberations,
    )


def calculer_assiette(faits: FaitsFlux, liberations: Iterable[LiberationQualifiee]) -> Assiette:
    """A, B par motif et C (RG-30) ; premières locations tenues à part."""
    louees = [
        qualifiee for qualifiee in liberations if qualifiee.est_louee_entre(faits.premier_jour, faits.dernier_jour)
    ]
    comptees = Counter(qualifiee.qualification for qualifiee in louees)
    motifs = Counter(
        qualifiee.faits.exclusion for qualifiee in louees if qualifiee.qualification is Qualification.EXCLUE
    )
    return Assiette(
        mises_en_location=comptees[Qualification.FLUX] + comptees[Qualification.EXCLUE],
        exclusions={motif.value: motifs[motif.value] for motif in Exclusion},
        premieres_locations=comptees[Qualification.PREMIERE_LOCATION],
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
        taux = taux_de_rang(versions, compte.sous_contingent, faits.premier_jour)
    return Quota(str(indice), compte.compte, compte.droit_theorique, taux, compte.sous_contingent)


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
    louees = [
        qualifiee for qualifiee in liberations if qualifiee.est_louee_entre(faits.premier_jour, faits.dernier_jour)
    ]
    neuves = [qualifiee for qualifiee in louees if _est_a_part_pour_l_etat(qualifiee, faits)]
    etats = {partie.identifiant for partie in faits.reservataires.values() if partie.est_etat}
    return PartsDeLEtat(
        decompte=len(decomptes),
        decompte_hors_qpv=sum(1 for decompte in decomptes if not decompte.est_en_qpv),
        flux=assiette.flux,
        flux_hors_qpv=sum(1 for qualifiee in louees if qualifiee.est_du_flux and not qualifiee.est_en_qpv),
        premieres_locations=len(neuves),
        premieres_a_l_etat=sum(
            1
            for qualifiee in neuves
            if (orientation := qualifiee.orientation_du_bail) is not None
            and orientation.reservataire in etats
            and orientation.sous_contingent != SousContingent.REPLI
        ),
    )


def _est_a_part_pour_l_etat(qualifiee: LiberationQualifiee, faits: FaitsFlux) -> bool:
    """Vrai pour une première location que l'État suit à part, même si la convention d'un autre la met dans le flux (RG-22)."""
    if qualifiee.qualification is Qualification.PREMIERE_LOCATION:
        return True
    if not (qualifiee.est_du_flux and qualifiee.est_premiere_location):
        return False
    etat = faits.conventions.etat(qualifiee.faits.date_de_reference)
    return etat is not None and not etat.premieres_locations_dans_le_flux
