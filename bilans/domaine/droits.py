"""Les droits théoriques d'une année, compte par compte et ligne par ligne, chacun dépliable (RG-03, RG-19, RG-33)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from bilans.domaine.faits import CleDeCompte, FaitsFlux
from bilans.domaine.qualification import LiberationQualifiee
from conventions.domaine.versions import VersionConvention, sous_contingent_de
from flux_reservations.droit.repartition import droit_theorique


@dataclass(frozen=True, slots=True)
class DroitDeLigne:
    """Ce qu'une ligne de droit a produit dans l'année : taux × logements mis en location sur son assiette.

    `liberations` : les logements du flux qui y ont ajouté leur taux, pour déplier le nombre ; `convention` : la version.
    """

    libelle: str
    contrepartie: str
    taux: Fraction
    debut: date
    fin: date
    liberations: tuple[int, ...]
    convention: int | None = None
    ligne: int | None = None
    regle: str = "RG-33"

    @property
    def nombre(self) -> int:
        """C de l'assiette de la ligne, pendant sa validité."""
        return len(self.liberations)

    @property
    def droit(self) -> Fraction:
        """Taux × C, exact."""
        return droit_theorique([(self.taux, self.nombre)])


@dataclass(frozen=True, slots=True)
class BailDuFlux:
    """Un bail du flux, tel que les lignes de droit le comptent."""

    identifiant: int
    date_bail: date
    commune: str
    est_premiere_location: bool


def baux_du_flux(liberations: Iterable[LiberationQualifiee], debut: date, fin: date) -> tuple[BailDuFlux, ...]:
    """Les logements de C : mis en location entre les deux dates, non exclus."""
    return tuple(
        BailDuFlux(
            qualifiee.faits.identifiant,
            qualifiee.faits.date_bail,
            qualifiee.faits.commune,
            qualifiee.est_premiere_location,
        )
        for qualifiee in liberations
        if qualifiee.est_du_flux and qualifiee.faits.date_bail is not None and debut <= qualifiee.faits.date_bail <= fin
    )


def lignes_par_compte(faits: FaitsFlux, baux: Sequence[BailDuFlux]) -> dict[CleDeCompte, list[DroitDeLigne]]:
    """Droits de chaque ligne des conventions qui courent au moins un jour de l'année, par compte.

    Un compte sans ligne (convention sans droit) y est aussi, vide. Une convention qui tient ses premières locations à part n'y
    compte pas celles d'un programme neuf (RG-22).
    """
    par_compte: dict[CleDeCompte, list[DroitDeLigne]] = {}
    for version in faits.conventions.entre(faits.premier_jour, faits.dernier_jour):
        for sous_contingent in version.sous_contingents():
            par_compte.setdefault((version.origine, sous_contingent), [])
        debut, fin = max(version.debut, faits.premier_jour), min(version.fin or faits.dernier_jour, faits.dernier_jour)
        comptes = [
            bail
            for bail in baux
            if debut <= bail.date_bail <= fin
            and (version.premieres_locations_dans_le_flux or not bail.est_premiere_location)
        ]
        for ligne in version.lignes:
            if not ligne.court(debut):
                continue
            cle = (version.origine, sous_contingent_de(version.reservataire, ligne.sous_contingent))
            par_compte[cle].append(
                DroitDeLigne(
                    libelle=ligne.libelle,
                    contrepartie=ligne.contrepartie,
                    taux=Fraction(ligne.taux),
                    debut=debut,
                    fin=min(fin, ligne.fin) if ligne.fin else fin,
                    liberations=tuple(
                        bail.identifiant
                        for bail in comptes
                        if bail.commune in ligne.assiette and ligne.court(bail.date_bail)
                    ),
                    convention=version.identifiant,
                    ligne=ligne.identifiant,
                )
            )
    return par_compte


def lignes_du_repli(faits: FaitsFlux, baux: Sequence[BailDuFlux]) -> list[DroitDeLigne]:
    """Droits du repli, un par réservataire qui n'a pas converti ses droits (RG-19).

    Une première location n'y compte que si la convention de l'État, dont le repli suit les modalités, les met dans le flux.
    """

    def compte(bail: BailDuFlux) -> bool:
        if not bail.est_premiere_location:
            return True
        etat = faits.conventions.etat(bail.date_bail)
        return etat is not None and etat.premieres_locations_dans_le_flux

    comptes = [bail for bail in baux if compte(bail)]
    return [
        DroitDeLigne(
            libelle=f"Droits non convertis de {repli.reservataire.code} ({repli.droits} ÷ {repli.logements})",
            contrepartie="repli",
            taux=repli.taux,
            debut=repli.debut,
            fin=repli.fin,
            liberations=tuple(
                bail.identifiant for bail in comptes if repli.court(bail.date_bail) and repli.couvre(bail.commune)
            ),
            regle="RG-19",
        )
        for repli in faits.replis
    ]


def taux_de_rang(versions: Sequence[VersionConvention], sous_contingent: str, depuis: date) -> Decimal:
    """Somme des lignes du compte dans la dernière version qui court dans l'année ouverte à `depuis` : le rang du compte (RG-33)."""
    if not versions:
        return Decimal(0)
    derniere = max(versions, key=lambda version: (version.debut, version.identifiant))
    return sum(
        (
            ligne.taux
            for ligne in derniere.lignes_le(max(depuis, derniere.debut))
            if sous_contingent_de(derniere.reservataire, ligne.sous_contingent) == sous_contingent
        ),
        Decimal(0),
    )
