"""Le taux d'une convention, commune par commune : des taux ne s'additionnent que sur une même assiette (RG-13, RG-33)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db.models import F
from django.db.models.functions import Coalesce

from conventions.domaine.egalite import fin_d_un_droit
from conventions.models import Convention, Droit
from flux_reservations.droit.repartition import droit_theorique
from flux_reservations.territoires.models import Commune, TerritoireCommune


def lignes_par_commune(
    conventions: Iterable[int], le: date, *, sur_l_assiette: bool = False
) -> dict[int, dict[str, dict[int, Decimal]]]:
    """Par convention et par commune de son département, le taux de chaque ligne de droit qui s'y exerce ce jour-là (deux requêtes).

    Une version qui n'a pas pris effet se lit à sa date d'effet. Une garantie éteinte ne compte plus (RG-23).
    `sur_l_assiette` : les communes où la ligne court, et non celles où elle s'exerce ; sans assiette, ce sont les mêmes.
    """
    territoires = Coalesce("assiette", "perimetre") if sur_l_assiette else F("perimetre")
    lignes = [
        (convention, departement, droit, taux, territoire)
        for convention, departement, effet, droit, taux, contrepartie, dernier_versement, territoire in (
            Droit.objects.filter(convention__in=list(conventions))
            .values_list(
                "convention_id",
                "convention__departement_id",
                "convention__date_effet",
                "pk",
                "taux",
                "contrepartie",
                "dernier_versement",
                territoires,
            )
            .distinct()
        )
        if territoire and _court(fin_d_un_droit(contrepartie, dernier_versement), max(le, effet or le))
    ]
    communes: dict[tuple[str, str], list[str]] = {}
    couples = TerritoireCommune.objects.filter(
        territoire_id__in={ligne[4] for ligne in lignes}, commune__departement_id__in={ligne[1] for ligne in lignes}
    )
    for territoire, departement, commune in couples.values_list(
        "territoire_id", "commune__departement_id", "commune_id"
    ):
        communes.setdefault((territoire, departement), []).append(commune)
    taux_de: dict[int, dict[str, dict[int, Decimal]]] = {}
    for convention, departement, droit, taux, territoire in lignes:
        for commune in communes.get((territoire, departement), ()):
            taux_de.setdefault(convention, {}).setdefault(commune, {})[droit] = taux
    return taux_de


def _court(fin: date | None, le: date) -> bool:
    return fin is None or le <= fin


def taux_au_plus_haut(conventions: Iterable[int], le: date) -> dict[int, Decimal]:
    """Par convention, la somme des taux ce jour-là, où les périmètres de ses lignes se recouvrent le plus (RG-13) ; deux requêtes."""
    return {
        convention: max(sum(droits.values(), Decimal(0)) for droits in par_commune.values())
        for convention, par_commune in lignes_par_commune(conventions, le).items()
    }


@dataclass(frozen=True, slots=True)
class ZoneDeTaux:
    """Des communes du département où s'exercent les mêmes lignes de droit."""

    communes: tuple[tuple[str, str], ...]
    """(code, nom), dans l'ordre des noms."""
    lignes: tuple[Droit, ...]
    logements: int

    @property
    def taux(self) -> Decimal:
        """La somme des taux, en %."""
        return sum((ligne.taux for ligne in self.lignes), Decimal(0))


def zones_de_taux(convention: Convention, logements: Mapping[str, int], le: date) -> list[ZoneDeTaux]:
    """Les zones d'une convention dans son département, du plus haut taux au plus bas. `logements` : ceux du flux, par commune."""
    droits = {droit.pk: droit for droit in convention.droits.all()}
    par_commune = lignes_par_commune([convention.pk], le).get(convention.pk, {})
    noms = (
        Commune.objects.du_departement(convention.departement_id)
        .filter(pk__in=par_commune)
        .order_by("cle_tri")
        .values_list("pk", "nom")
    )
    groupes: dict[frozenset[int], list[tuple[str, str]]] = {}
    for code, nom in noms:
        groupes.setdefault(frozenset(par_commune[code]), []).append((code, nom))
    zones = [
        ZoneDeTaux(
            tuple(communes),
            tuple(droits[cle] for cle in sorted(cles)),
            sum(logements.get(code, 0) for code, _ in communes),
        )
        for cles, communes in groupes.items()
    ]
    return sorted(zones, key=lambda zone: (-zone.taux, zone.communes[0][1]))


def taux_ramene_au_departement(convention: Convention, logements: Mapping[str, int], le: date) -> Fraction | None:
    """Ce que valent ses lignes rapportées à tout le patrimoine du flux : Σ taux × logements de l'assiette ÷ logements, en %.

    La même formule que le droit théorique (RG-33), le patrimoine d'aujourd'hui tenant lieu de flux : des conventions de territoires
    différents s'y comparent. None sans logement.
    """
    tout = sum(logements.values())
    if not tout:
        return None
    par_commune = lignes_par_commune([convention.pk], le, sur_l_assiette=True).get(convention.pk, {})
    droit = droit_theorique(
        (taux, logements.get(commune, 0)) for commune, lignes in par_commune.items() for taux in lignes.values()
    )
    return droit * 100 / tout
