"""Le repli du préfet : les droits en stock non convertis s'ajoutent à son flux (RG-19)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from conventions.domaine.versions import Conventions, PartieReservataire
from flux_reservations.droit.conversion import ECHEANCE_DES_CONVENTIONS, periode_de_repli, taux_de_repli


@dataclass(frozen=True, slots=True)
class Repli:
    """Les droits non convertis d'un réservataire, au 1er janvier d'une année.

    `taux` en %, arrondi à 0,01 ; il court sur `zone` (les communes de son territoire dans le département) de `debut` à `fin`
    inclus, dans la limite de l'année.
    """

    reservataire: PartieReservataire
    droits: int
    logements: int
    taux: Fraction
    zone: frozenset[str]
    debut: date
    fin: date

    def court(self, le: date) -> bool:
        """Vrai si le repli court ce jour-là."""
        return self.debut <= le <= self.fin

    def couvre(self, commune: str) -> bool:
        """Vrai si le droit court, et s'exerce, sur cette commune."""
        return commune in self.zone


def periode_des_droits_non_convertis(
    reservataire: PartieReservataire, conventions: Conventions
) -> tuple[date, date | None] | None:
    """Jours où les droits de ce réservataire vont au préfet ; None s'il a signé à temps, ou n'est pas concerné (RG-07, RG-20)."""
    if reservataire.est_etat or reservataire.garde_son_stock:
        return None
    echeance = ECHEANCE_DES_CONVENTIONS.versions[-1].valeur
    versions = conventions.de(reservataire.identifiant)
    a_temps = any(version.date_signature <= echeance for version in versions)
    effets = [version.debut for version in versions]
    return periode_de_repli(min(effets, default=None), a_signe_a_temps=a_temps)


def calculer_replis(
    annee: int,
    conventions: Conventions,
    droits_par_commune: Mapping[int, Mapping[str, int]],
    logements_par_commune: Mapping[str, int],
    reservataires: Iterable[PartieReservataire],
    communes: Iterable[str],
) -> tuple[Repli, ...]:
    """Les replis qui courent au moins un jour de l'année, par code de réservataire (RG-19).

    `droits_par_commune` : droits de suite actifs au 1er janvier, par réservataire puis commune ; `logements_par_commune` :
    logements du champ et du flux au 1er janvier ; `communes` : celles du département. Droits et logements sont comptés sur le
    territoire du réservataire, à défaut dans tout le département.
    """
    premier, dernier = date(annee, 1, 1), date(annee, 12, 31)
    departement = frozenset(communes)
    replis = []
    for reservataire in sorted(reservataires, key=lambda partie: partie.code):
        periode = periode_des_droits_non_convertis(reservataire, conventions)
        par_commune = droits_par_commune.get(reservataire.identifiant)
        if periode is None or not par_commune:
            continue
        debut, fin = max(premier, periode[0]), min(dernier, periode[1] or dernier)
        zone = zone_d_origine(reservataire, departement)
        droits = sum(nombre for commune, nombre in par_commune.items() if commune in zone)
        if debut > fin or not droits:
            continue
        logements = sum(logements_par_commune.get(commune, 0) for commune in zone)
        taux = taux_de_repli(droits, logements, premier)
        replis.append(Repli(reservataire, droits, logements, taux, zone, debut, fin))
    return tuple(replis)


def zone_d_origine(reservataire: PartieReservataire, communes_du_departement: Iterable[str]) -> frozenset[str]:
    """Communes du département dans le territoire du réservataire ; toutes s'il n'a pas de territoire (RG-19, RG-35)."""
    communes = frozenset(communes_du_departement)
    return communes if reservataire.territoire is None else communes & reservataire.territoire
