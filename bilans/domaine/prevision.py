"""La prévision du flux : A et B de l'année à venir, par commune, et leur comparaison au constaté (RG-32)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from attributions.domaine.codes import Exclusion
from bilans.domaine.faits import FaitsFlux
from bilans.domaine.flux import FluxAnnuel
from flux_reservations.commun.arrondis import arrondir, repartir_aux_plus_forts_restes
from flux_reservations.droit.assiette import Qualification


@dataclass(frozen=True, slots=True)
class AnneeDeCommune:
    """A et B par motif d'une commune, une année passée (logements)."""

    mises_en_location: int
    exclusions: Mapping[str, int]

    @property
    def total_exclusions(self) -> int:
        """B."""
        return sum(self.exclusions.values())


@dataclass(frozen=True, slots=True)
class PrevisionDeCommune:
    """A et B prévus d'une commune, et l'intervalle où A s'est tenu les années passées."""

    commune: str
    mises_en_location: int
    exclusions: Mapping[str, int]
    minimum: int
    maximum: int

    @property
    def total_exclusions(self) -> int:
        """B prévu."""
        return sum(self.exclusions.values())

    @property
    def flux(self) -> int:
        """C prévu, jamais négatif."""
        return max(0, self.mises_en_location - self.total_exclusions)


def annees_connues(histoire: Mapping[str, Sequence[AnneeDeCommune]]) -> tuple[int, ...]:
    """Rangs des années où le bailleur a signé un bail au moins dans le département : les seules que l'on moyenne (RG-32)."""
    longueur = max((len(annees) for annees in histoire.values()), default=0)
    return tuple(
        rang for rang in range(longueur) if any(annees[rang].mises_en_location for annees in histoire.values())
    )


def prevoir(
    histoire: Mapping[str, Sequence[AnneeDeCommune]], logements: Mapping[str, int], rotation: Fraction | None = None
) -> tuple[PrevisionDeCommune, ...]:
    """Prévision par commune : la moyenne des années connues, à défaut patrimoine × rotation (RG-32).

    `rotation` est annuelle (0 à 1). Les moyennes sont réparties aux plus forts restes : la somme des communes est la moyenne
    du département, arrondie au plus proche. L'intervalle va du minimum au maximum constatés.
    """
    moyennes = {
        commune: _moyenne(histoire.get(commune, ()), logements.get(commune, 0), rotation)
        for commune in sorted({*histoire, *logements})
    }
    attendus = _repartir({commune: moyenne[0] for commune, moyenne in moyennes.items()})
    exclusions = {
        motif.value: _repartir(
            {commune: moyenne[1].get(motif.value, Fraction(0)) for commune, moyenne in moyennes.items()}
        )
        for motif in Exclusion
    }
    return tuple(
        PrevisionDeCommune(
            commune,
            attendus[commune],
            {motif: par_commune[commune] for motif, par_commune in exclusions.items()},
            *_intervalle(histoire.get(commune, ()), attendus[commune]),
        )
        for commune in moyennes
    )


def prevoir_par_la_rotation(
    histoire: Mapping[str, Sequence[AnneeDeCommune]],
    logements: Mapping[str, int],
    rotations: Mapping[str, Fraction],
    ensemble: Fraction,
) -> tuple[PrevisionDeCommune, ...]:
    """Prévision quand l'histoire est trop courte pour une moyenne : patrimoine × rotation estimée de la commune (RG-32).

    `rotations` : par commune, annuelle (0 à 1) ; `ensemble` : celle du département, pour une commune dont on ne sait rien. La part de
    chaque motif d'exclusion est celle des baux déjà connus dans le département ; sans aucun, B est nul faute de le savoir,
    et ne se publie pas ainsi (RG-61).
    """
    quotas = {commune: nombre * rotations.get(commune, ensemble) for commune, nombre in logements.items()}
    connus = [annee for annees in histoire.values() for annee in annees]
    baux = sum(annee.mises_en_location for annee in connus)
    parts = {
        motif.value: Fraction(sum(annee.exclusions.get(motif.value, 0) for annee in connus), baux or 1)
        for motif in Exclusion
    }
    attendus = _repartir(quotas)
    exclusions = {
        motif: _repartir({commune: quota * part for commune, quota in quotas.items()}) for motif, part in parts.items()
    }
    return tuple(
        PrevisionDeCommune(
            commune,
            attendus[commune],
            {motif: par_commune[commune] for motif, par_commune in exclusions.items()},
            *_intervalle(histoire.get(commune, ()), attendus[commune]),
        )
        for commune in sorted(logements)
    )


def _moyenne(
    annees: Sequence[AnneeDeCommune], logements: int, rotation: Fraction | None
) -> tuple[Fraction, dict[str, Fraction]]:
    if not annees:
        return logements * (rotation or Fraction(0)), {}
    motifs = {motif for annee in annees for motif in annee.exclusions}
    return (
        Fraction(sum(annee.mises_en_location for annee in annees), len(annees)),
        {motif: Fraction(sum(annee.exclusions.get(motif, 0) for annee in annees), len(annees)) for motif in motifs},
    )


def _repartir(quotas: Mapping[str, Fraction]) -> dict[str, int]:
    """Entiers de somme arrondie : aucun logement prévu ne se perd dans les arrondis."""
    if not quotas:
        return {}
    return repartir_aux_plus_forts_restes(quotas, arrondir(sum(quotas.values(), Fraction(0))), sorted(quotas))


def _intervalle(annees: Sequence[AnneeDeCommune], attendu: int) -> tuple[int, int]:
    constates = [annee.mises_en_location for annee in annees] or [attendu]
    return min(attendu, *constates), max(attendu, *constates)


def somme_des_exclusions(previsions: Iterable[PrevisionDeCommune]) -> dict[str, int]:
    """B prévu par motif, toutes communes : le volume annoncé en début d'année, qui se suit (RG-31, RG-61)."""
    total: dict[str, int] = {}
    for prevision in previsions:
        for motif, nombre in prevision.exclusions.items():
            total[motif] = total.get(motif, 0) + nombre
    return total


def constater(faits: FaitsFlux, flux: FluxAnnuel) -> dict[str, AnneeDeCommune]:
    """A et B par motif constatés dans l'année, commune par commune (RG-30, RG-32)."""
    baux: dict[str, int] = {}
    exclusions: dict[str, dict[str, int]] = {}
    for qualifiee in flux.liberations:
        if not qualifiee.est_louee_entre(faits.premier_jour, faits.dernier_jour):
            continue
        if qualifiee.qualification in {Qualification.FLUX, Qualification.EXCLUE}:
            commune, motif = qualifiee.faits.commune, qualifiee.faits.exclusion
            baux[commune] = baux.get(commune, 0) + 1
            if motif:
                motifs = exclusions.setdefault(commune, {})
                motifs[motif] = motifs.get(motif, 0) + 1
    return {commune: AnneeDeCommune(nombre, exclusions.get(commune, {})) for commune, nombre in baux.items()}


@dataclass(frozen=True, slots=True)
class Ecart:
    """Prévu et constaté d'une commune (ou du total), en logements."""

    commune: str
    prevu: int
    constate: int

    @property
    def ecart(self) -> int:
        """Constaté − prévu."""
        return self.constate - self.prevu


def comparer(prevus: Mapping[str, int], constates: Mapping[str, int]) -> tuple[Ecart, ...]:
    """Un écart par commune, prévue ou constatée (RG-32)."""
    return tuple(
        Ecart(commune, prevus.get(commune, 0), constates.get(commune, 0)) for commune in sorted({*prevus, *constates})
    )
