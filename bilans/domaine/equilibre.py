"""L'équilibre : ce qu'un compte reçoit face à la structure du flux où il est éligible (RG-36, RG-48)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from bilans.domaine.faits import FaitsFlux, FaitsLiberation
from bilans.domaine.flux import CompteAnnuel, FluxAnnuel
from conventions.domaine.codes import SousContingent
from conventions.domaine.versions import sous_contingent_de
from flux_reservations.droit.assiette import periode_de_construction
from flux_reservations.droit.delais import EFFECTIF_MINIMAL_D_EQUILIBRE, SEUIL_D_EQUILIBRE

DIMENSIONS: dict[str, Callable[[FaitsLiberation, date], str]] = {
    "commune": lambda liberation, _: liberation.commune,
    "qpv": lambda liberation, _: "en QPV" if liberation.est_en_qpv() else "hors QPV",
    "typologie": lambda liberation, _: liberation.typologie,
    "financement": lambda liberation, _: liberation.financement,
    "periode_construction": lambda liberation, le: periode_de_construction(liberation.annee_construction, le),
}
"""Dimension → lecture de la modalité d'une libération."""


@dataclass(frozen=True, slots=True)
class EcartDeModalite:
    """Une modalité d'une dimension : reçus et éligibles, en logements ; écart en points de pourcentage (exact)."""

    dimension: str
    modalite: str
    recus: int
    total_recus: int
    eligibles: int
    total_eligibles: int
    est_une_alerte: bool

    @property
    def points(self) -> Fraction:
        """Part reçue − part éligible, en points."""
        return ecart_en_points(self.recus, self.total_recus, self.eligibles, self.total_eligibles)


def ecart_en_points(recus: int, total_recus: int, eligibles: int, total_eligibles: int) -> Fraction:
    """Différence de deux parts, en points ; une part sans dénominateur vaut zéro."""
    recue = Fraction(100 * recus, total_recus) if total_recus else Fraction(0)
    eligible = Fraction(100 * eligibles, total_eligibles) if total_eligibles else Fraction(0)
    return recue - eligible


def comparer_structures(
    recus: Sequence[FaitsLiberation], eligibles: Sequence[FaitsLiberation], le: date
) -> tuple[EcartDeModalite, ...]:
    """Écarts par modalité, dimension par dimension ; alerte au-delà du seuil si assez de logements sont reçus (RG-48)."""
    seuil, minimum = SEUIL_D_EQUILIBRE.valeur(le), EFFECTIF_MINIMAL_D_EQUILIBRE.valeur(le)
    ecarts = []
    for dimension, lire in DIMENSIONS.items():
        nombres_recus = Counter(lire(liberation, le) for liberation in recus)
        nombres_eligibles = Counter(lire(liberation, le) for liberation in eligibles)
        for modalite in sorted(nombres_recus.keys() | nombres_eligibles.keys()):
            nombres = (nombres_recus[modalite], len(recus), nombres_eligibles[modalite], len(eligibles))
            alerte = len(recus) >= minimum and abs(ecart_en_points(*nombres)) > seuil
            ecarts.append(EcartDeModalite(dimension, modalite, *nombres, alerte))
    return tuple(ecarts)


def equilibre_du_compte(faits: FaitsFlux, flux: FluxAnnuel, compte: CompteAnnuel) -> tuple[EcartDeModalite, ...]:
    """Ce que le compte a reçu dans l'année face au flux où il était éligible ; le bailleur l'est partout (RG-48)."""
    par_identifiant = {qualifiee.faits.identifiant: qualifiee.faits for qualifiee in flux.liberations}
    recus = [par_identifiant[decompte.liberation] for decompte in compte.decomptes]
    est_eligible = lire_l_eligibilite(faits, compte)
    eligibles = [
        qualifiee.faits
        for qualifiee in flux.liberations
        if qualifiee.est_du_flux
        and qualifiee.est_louee_entre(faits.premier_jour, faits.dernier_jour)
        and est_eligible(qualifiee.faits.commune, qualifiee.faits.date_de_reference)
    ]
    return comparer_structures(recus, eligibles, faits.dernier_jour)


def lire_l_eligibilite(faits: FaitsFlux, compte: CompteAnnuel) -> Callable[[str, date], bool]:
    """Dit si le compte s'exerce sur une commune, un jour : une de ses lignes y court ce jour-là ; partout pour qui n'a pas de ligne."""
    if compte.sous_contingent == SousContingent.REPLI:
        return lambda commune, le: any(repli.court(le) and repli.couvre(commune) for repli in faits.replis)
    lignes = [
        (version, ligne)
        for version in faits.conventions.entre(faits.premier_jour, faits.dernier_jour)
        if version.origine == compte.origine
        for ligne in version.lignes
        if sous_contingent_de(version.reservataire, ligne.sous_contingent) == compte.sous_contingent
    ]
    if not lignes:
        return lambda commune, le: True
    return lambda commune, le: any(
        commune in ligne.perimetre and version.court(le) and ligne.court(le) for version, ligne in lignes
    )


def part_realisee_par_commune(
    flux: FluxAnnuel, faits: FaitsFlux, comptes: Iterable[CompteAnnuel]
) -> dict[str, tuple[int, int]]:
    """(décompte, flux) par commune pour ces comptes : l'uniformité de l'État se mesure ainsi (RG-36)."""
    communes = {qualifiee.faits.identifiant: qualifiee.faits.commune for qualifiee in flux.liberations}
    recus = Counter(communes[decompte.liberation] for compte in comptes for decompte in compte.decomptes)
    total = Counter(
        qualifiee.faits.commune
        for qualifiee in flux.liberations
        if qualifiee.est_du_flux and qualifiee.est_louee_entre(faits.premier_jour, faits.dernier_jour)
    )
    return {commune: (recus[commune], total[commune]) for commune in sorted(recus.keys() | total.keys())}
