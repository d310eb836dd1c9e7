"""L'histoire d'un bailleur, commune par commune, pour prévoir l'année à venir (RG-32), en un nombre fixe de requêtes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.db.models import Case, Count, F, IntegerField, When
from django.db.models.functions import ExtractYear

from attributions.chargement.decompte import mises_en_location
from attributions.domaine.codes import Exclusion, NatureLiberation
from bilans.domaine.prevision import (
    AnneeDeCommune,
    PrevisionDeCommune,
    annees_connues,
    prevoir,
    prevoir_par_la_rotation,
)
from bilans.models import Prevision
from conventions.chargement import charger_conventions, compter_logements_par_commune
from conventions.chargement_rotation import RotationRpls, charger_rotation_rpls
from conventions.domaine.versions import Conventions
from flux_reservations.commun.calendrier import premier_janvier, trente_et_un_decembre
from flux_reservations.droit.assiette import ANNEES_DE_PREVISION, rotation


def charger_histoire(
    bailleur: int, departement: str, annees: range, conventions: Conventions
) -> dict[str, list[AnneeDeCommune]]:
    """A et B par motif de chaque commune, année après année (une requête) ; une commune sans bail n'y est pas."""
    lignes = (
        mises_en_location(bailleur, departement, premier_janvier(annees[0]), trente_et_un_decembre(annees[-1]))
        .annotate(
            annee=ExtractYear("date_bail", output_field=IntegerField()),
            premiere=Case(When(nature=NatureLiberation.PREMIERE_LOCATION, then=F("date_bail"))),
        )
        .order_by()
        .values("logement__commune_id", "annee", "exclusion", "premiere")
        .annotate(nombre=Count("pk"))
        .values_list("logement__commune_id", "annee", "exclusion", "premiere", "nombre")
    )
    nombres: dict[str, dict[int, dict[str, int]]] = {}
    for commune, annee, exclusion, premiere, nombre in lignes:
        if premiere is None or conventions.premieres_locations_dans_le_flux(commune, premiere):
            motifs = nombres.setdefault(commune, {}).setdefault(annee, {})
            motifs[exclusion] = motifs.get(exclusion, 0) + nombre
    return {
        commune: [
            AnneeDeCommune(
                sum(par_annee.get(annee, {}).values()),
                {motif: nombre for motif, nombre in par_annee.get(annee, {}).items() if motif},
            )
            for annee in annees
        ]
        for commune, par_annee in nombres.items()
    }


@dataclass(frozen=True, slots=True)
class PrevisionCalculee:
    """La prévision d'une année et d'où elle vient.

    `connues` : années civiles passées où le bailleur a des baux ; `rpls` : la rotation du répertoire, si c'est elle qui prévoit.
    """

    communes: tuple[PrevisionDeCommune, ...]
    connues: int
    logements: Mapping[str, int]
    rpls: RotationRpls | None = None

    @property
    def exclusions_inconnues(self) -> bool:
        """Vrai si rien n'estime B : le RPLS prévoit A et ne dit pas les exclusions, et aucun bail ne les montre."""
        return self.rpls is not None and not self.connues

    @property
    def source(self) -> str:
        """En toutes lettres, d'où viennent les nombres."""
        if self.rpls is not None:
            return f"{self.rpls.source}, rotation {self.rpls.periode}"
        return ""


def prevoir_annee(bailleur: int, departement: str, annee: int) -> PrevisionCalculee:
    """La prévision de l'année, commune par commune : moyenne des trois années civiles qui la précèdent (RG-32).

    Une année où le bailleur n'a aucun bail dans le département (il n'y était pas encore) n'est pas une année à zéro : elle n'est pas
    connue, et ne compte pas. Une commune du patrimoine sans bail ces années-là est prévue à la rotation moyenne du département. S'il manque
    une de ces années et que le RPLS dit les baux en cours, c'est la rotation qu'ils montrent qui prévoit.
    """
    chargees = charger_conventions(bailleur, departement)
    premier = premier_janvier(annee)
    nombre = ANNEES_DE_PREVISION.valeur(premier)
    lue = charger_histoire(bailleur, departement, range(annee - nombre, annee), chargees.conventions)
    connues = annees_connues(lue)
    histoire = {commune: [annees[rang] for rang in connues] for commune, annees in lue.items()}
    logements = compter_logements_par_commune(bailleur, departement, premier)
    if len(connues) < nombre:
        rpls = charger_rotation_rpls(bailleur, departement, premier)
        ensemble = rpls.estimer(rpls.ensemble()) if rpls.est_connue else None
        if ensemble is not None:
            rotations = {
                commune: estimee
                for commune, baux in rpls.par_commune().items()
                if (estimee := rpls.estimer(baux)) is not None
            }
            communes = prevoir_par_la_rotation(histoire, logements, rotations, ensemble)
            return PrevisionCalculee(communes, len(connues), logements, rpls)
    baux = sum(un.mises_en_location for annees in histoire.values() for un in annees)
    moyenne = rotation(baux, sum(logements.values()), len(connues) or nombre) or Fraction(0)
    return PrevisionCalculee(prevoir(histoire, logements, moyenne), len(connues), logements)


@dataclass(frozen=True, slots=True)
class PrevisionLue:
    """La prévision d'une année : celle que le bailleur a saisie ou publiée, à défaut celle que l'on calcule (`calculee`).

    `publiee_le` : elle est figée depuis cet instant (RG-32).
    """

    communes: tuple[PrevisionDeCommune, ...]
    calculee: PrevisionCalculee
    est_saisie: bool = False
    publiee_le: datetime | None = None

    @property
    def exclusions_inconnues(self) -> bool:
        """Vrai si B est nul faute de le savoir : le RPLS prévoit, sans aucun bail ni correction du bailleur (RG-32)."""
        return not self.est_saisie and self.calculee.exclusions_inconnues

    @property
    def exclusions_dites_nulles(self) -> bool:
        """Vrai si le bailleur a corrigé sa prévision en laissant B nul partout, là où rien ne l'estime."""
        return (
            self.est_saisie
            and self.calculee.exclusions_inconnues
            and not any(une.total_exclusions for une in self.communes)
        )


def charger_prevision(bailleur: int, departement: str, annee: int) -> PrevisionLue:
    """La prévision de l'année, par commune ; l'intervalle est toujours celui des années constatées (RG-32)."""
    calculee_en_tout = prevoir_annee(bailleur, departement, annee)
    calculees = {un.commune: un for un in calculee_en_tout.communes}
    saisies: list[tuple[str, int, Mapping[str, int], datetime | None]] = list(
        Prevision.objects.filter(bailleur_id=bailleur, departement_id=departement, annee=annee)
        .order_by("commune_id")
        .values_list("commune_id", "mises_en_location", "exclusions", "publiee_le")
    )
    if not saisies:
        return PrevisionLue(calculee_en_tout.communes, calculee_en_tout)
    communes = []
    for commune, attendus, exclusions, _ in saisies:
        calculee = calculees.get(commune)
        bornes = (calculee.minimum, calculee.maximum) if calculee else (attendus, attendus)
        motifs = {motif.value: int(exclusions.get(motif.value, 0)) for motif in Exclusion}
        communes.append(PrevisionDeCommune(commune, attendus, motifs, *bornes))
    return PrevisionLue(tuple(communes), calculee_en_tout, est_saisie=True, publiee_le=saisies[0][3])
