"""Les baux en cours que le RPLS connaît, par commune ou par strate : de quoi estimer la rotation sans histoire (RG-32, RG-35)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Final

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import ExtractYear

from conventions.chargement import logements_du_flux
from conventions.chargement_contingents import dire_la_source
from conventions.domaine.conversion import Strate
from conventions.domaine.rotation import BauxEnCours, estimer_rotation
from conventions.models import FicheRpls, SituationLogement
from flux_reservations.droit.assiette import ANNEES_DE_PREVISION

EST_PREMIER_BAIL: Final = Q(dernier_bail__year=ExtractYear("logement__date_premiere_location"))
"""Le bail en cours est de l'année de la première location : ce n'est pas une relocation (RG-35)."""
_SANS_BAIL: Final = 0


@dataclass(frozen=True, slots=True)
class RotationRpls:
    """Les baux en cours d'un bailleur dans un département, et la rotation qu'ils disent.

    `derniere` : dernière année civile que le répertoire connaît en entier ; `annees` : combien d'années on moyenne ;
    `anciennes` : fiches d'un autre millésime que le dernier, laissées de côté.
    """

    source: str = ""
    derniere: int = 0
    annees: int = 0
    anciennes: int = 0
    par_strate: Mapping[Strate, BauxEnCours] = field(default_factory=dict)

    @property
    def est_connue(self) -> bool:
        """Vrai si au moins un bail en cours est connu."""
        return any(baux.total > baux.sans_bail for baux in self.par_strate.values())

    @property
    def periode(self) -> str:
        """« 2023-2025 »."""
        return f"{self.derniere - self.annees + 1}-{self.derniere}"

    def ensemble(self) -> BauxEnCours:
        """Tous les logements."""
        return _sommer(self.par_strate.values())

    def par_commune(self) -> dict[str, BauxEnCours]:
        """Les logements de chaque commune."""
        communes: dict[str, list[BauxEnCours]] = defaultdict(list)
        for strate, baux in self.par_strate.items():
            communes[strate.commune].append(baux)
        return {commune: _sommer(tous) for commune, tous in communes.items()}

    def estimer(self, baux: BauxEnCours) -> Fraction | None:
        """Rotation annuelle (0 à 1) de ces logements sur la période ; None si l'on n'en connaît aucun."""
        return estimer_rotation(baux, self.derniere, self.annees)


def fiches_du_champ(bailleur_id: int, departement: str, le: date) -> QuerySet[FicheRpls]:
    """Fiches du dernier millésime des logements du champ et du flux à cette date qui disent un bail en cours, ou une vacance (RG-34).

    Un bail lu dans un répertoire plus ancien n'est plus forcément en cours : il ferait baisser la rotation. Sans aucun millésime, toutes.
    """
    return _du_millesime(*_fiches_par_millesime(bailleur_id, departement, le))


def reloues_en(fiches: QuerySet[FicheRpls], annee: int) -> QuerySet[FicheRpls]:
    """Celles dont le bail en cours est de cette année, sans être le premier du logement."""
    connue = Q(logement__date_premiere_location__isnull=False)
    return fiches.filter(dernier_bail__year=annee).exclude(EST_PREMIER_BAIL & connue)


def _fiches_par_millesime(
    bailleur_id: int, departement: str, le: date
) -> tuple[QuerySet[FicheRpls], dict[int | None, int]]:
    """Les fiches, de tout millésime, et leur nombre par millésime (None : inconnu)."""
    dites = Q(dernier_bail__isnull=False) | Q(est_vacant=True)
    fiches = FicheRpls.objects.filter(dites, logement__in=logements_du_flux(bailleur_id, departement, le))
    return fiches, dict(fiches.order_by().values_list("millesime").annotate(nombre=Count("pk")))


def _dernier(nombres: Mapping[int | None, int]) -> int | None:
    return max((un for un in nombres if un is not None), default=None)


def _du_millesime(fiches: QuerySet[FicheRpls], nombres: Mapping[int | None, int]) -> QuerySet[FicheRpls]:
    millesime = _dernier(nombres)
    return fiches if millesime is None else fiches.filter(millesime=millesime)


def charger_rotation_rpls(bailleur_id: int, departement: str, le: date) -> RotationRpls:
    """Les baux en cours par strate, à cette date (deux requêtes)."""
    toutes, nombres = _fiches_par_millesime(bailleur_id, departement, le)
    fiches, millesime = _du_millesime(toutes, nombres), _dernier(nombres)
    en_qpv = SituationLogement.objects.filter(logement=OuterRef("logement"), periode__contains=le).exclude(qpv="")
    lignes = (
        fiches.annotate(
            en_qpv=Exists(en_qpv),
            annee=Case(
                When(dernier_bail__isnull=False, then=ExtractYear("dernier_bail")),
                default=Value(_SANS_BAIL),
                output_field=IntegerField(),
            ),
            est_premier=Case(When(EST_PREMIER_BAIL, then=Value(1)), default=Value(0), output_field=IntegerField()),
            commune=F("logement__commune_id"),
            typologie=F("logement__typologie"),
        )
        .order_by()
        .values("commune", "typologie", "en_qpv", "annee", "est_premier")
        .annotate(nombre=Count("pk"))
        .values_list("commune", "typologie", "en_qpv", "annee", "est_premier", "nombre")
    )
    relocations: dict[Strate, Counter[int]] = defaultdict(Counter)
    premieres: dict[Strate, Counter[int]] = defaultdict(Counter)
    sans_bail: Counter[Strate] = Counter()
    for commune, typologie, qpv, annee, est_premier, nombre in lignes:
        strate = Strate(commune, typologie, qpv)
        relocations[strate].update()
        if annee == _SANS_BAIL:
            sans_bail[strate] += nombre
        else:
            (premieres if est_premier else relocations)[strate][annee] += nombre
    par_strate = {
        strate: BauxEnCours(dict(baux), dict(premieres[strate]), sans_bail[strate])
        for strate, baux in relocations.items()
    }
    annees = ANNEES_DE_PREVISION.valeur(le)
    baux = [annee for un in par_strate.values() for annee in (*un.relocations, *un.premieres)]
    derniere = min(max(baux, default=le.year) + 1 if millesime is None else millesime, le.year) - 1
    anciennes = 0 if millesime is None else sum(nombres.values()) - nombres[millesime]
    return RotationRpls(dire_la_source((millesime,) if millesime else ()), derniere, annees, anciennes, par_strate)


def _sommer(tous: Iterable[BauxEnCours]) -> BauxEnCours:
    relocations: Counter[int] = Counter()
    premieres: Counter[int] = Counter()
    sans_bail = 0
    for baux in tous:
        relocations.update(baux.relocations)
        premieres.update(baux.premieres)
        sans_bail += baux.sans_bail
    return BauxEnCours(relocations, premieres, sans_bail)
