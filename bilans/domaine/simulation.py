"""« Et si » : rejouer une année avec d'autres taux, sans rien écrire (RG-35 : impact d'une conversion)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from bilans.domaine.faits import FaitsFlux
from bilans.domaine.flux import FluxAnnuel, calculer_flux
from conventions.domaine.codes import Contrepartie
from conventions.domaine.versions import Conventions, LigneDroit, PartieReservataire, VersionConvention
from flux_reservations.commun.arrondis import arrondir_a


@dataclass(frozen=True, slots=True)
class Impact:
    """Droits entiers d'un compte avant et après la simulation, sur l'année rejouée (logements)."""

    compte: str
    avant: int
    apres: int


def avec_une_convention(faits: FaitsFlux, partie: PartieReservataire, taux: Fraction) -> FaitsFlux:
    """Les mêmes faits, comme si ce réservataire avait eu toute l'année une convention à ce taux (en %, arrondi à 0,01).

    Ses conventions de l'année et son repli sont remplacés ; le droit court sur son territoire, à défaut sur le département.
    """
    zone = partie.territoire if partie.territoire is not None else faits.communes
    arrondi = arrondir_a(taux, 2)
    ligne = LigneDroit(
        identifiant=0,
        contrepartie=Contrepartie.LOGEMENTS_IDENTIFIES,
        sous_contingent="",
        taux=Decimal(arrondi.numerator) / Decimal(arrondi.denominator),
        perimetre=zone,
        assiette=zone,
    )
    simulee = VersionConvention(
        identifiant=-partie.identifiant,
        origine=-partie.identifiant,
        numero="",
        reservataire=partie,
        date_signature=faits.premier_jour,
        debut=faits.premier_jour,
        fin=faits.dernier_jour,
        lignes=(ligne,),
    )
    gardees = [un for un in faits.conventions.versions if un.reservataire.identifiant != partie.identifiant]
    return replace(
        faits,
        conventions=Conventions([*gardees, simulee]),
        reservataires={**faits.reservataires, partie.identifiant: partie},
        replis=tuple(repli for repli in faits.replis if repli.reservataire.identifiant != partie.identifiant),
    )


def comparer_impacts(avant: FluxAnnuel, apres: FluxAnnuel) -> tuple[Impact, ...]:
    """Ce que chacun gagne ou perd, en droits entiers, bailleur compris ; par nom de compte."""

    def droits(flux: FluxAnnuel) -> dict[str, int]:
        par_compte = {flux.non_reserve.compte: flux.non_reserve.droit}
        for compte in flux.comptes:
            par_compte[compte.compte] = par_compte.get(compte.compte, 0) + compte.droit
        return par_compte

    anciens, nouveaux = droits(avant), droits(apres)
    return tuple(
        Impact(nom, anciens.get(nom, 0), nouveaux.get(nom, 0)) for nom in sorted(anciens.keys() | nouveaux.keys())
    )


def simuler_conversion(faits: FaitsFlux, partie: PartieReservataire, taux: Fraction) -> tuple[Impact, ...]:
    """L'impact d'une conversion au taux donné sur la dernière année connue (RG-35)."""
    return comparer_impacts(calculer_flux(faits), calculer_flux(avec_une_convention(faits, partie, taux)))
