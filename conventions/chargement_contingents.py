"""Ce que le RPLS déclare réservé (CONTRESLOG) face aux droits en stock enregistrés, logement par logement (RG-18)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from django.db.models import Case, Count, Exists, OuterRef, QuerySet, Value, When

from conventions.domaine.codes import TYPOLOGIES, NatureDroitStock
from conventions.domaine.contingents import CONTINGENTS, NON_RESERVE, contingents_possibles, types_titulaires
from conventions.models import FicheRpls, ReservationStock


class Situation(StrEnum):
    """Ce qu'un logement déclaré dans un contingent porte comme droit enregistré."""

    MEME = "meme"
    AUTRE = "autre"
    ECHU = "echu"
    SANS = "sans"


SITUATIONS: Final[Mapping[str, str]] = {
    Situation.MEME: "droit enregistré d'un titulaire de ce contingent",
    Situation.AUTRE: "droit enregistré d'un autre réservataire seulement",
    Situation.ECHU: "droit d'un titulaire de ce contingent, converti ou échu",
    Situation.SANS: "aucun droit enregistré",
}


def situations_en_ecart(code: int) -> tuple[Situation, ...]:
    """Où la déclaration et les droits se contredisent : réservé sans son droit, ou droit sur un non réservé."""
    return (Situation.AUTRE,) if code == NON_RESERVE else (Situation.AUTRE, Situation.ECHU, Situation.SANS)


@dataclass(frozen=True, slots=True)
class LigneContingent:
    """Un contingent déclaré : ses logements par typologie, et par situation de leurs droits enregistrés."""

    code: int
    par_typologie: tuple[int, ...]
    par_situation: Mapping[str, int]

    @property
    def libelle(self) -> str:
        """Le contingent en toutes lettres."""
        return CONTINGENTS[self.code]

    @property
    def est_non_reserve(self) -> bool:
        """Vrai pour les logements déclarés sans réservation : seul un droit enregistré les contredit."""
        return self.code == NON_RESERVE

    @property
    def par_type(self) -> tuple[tuple[str, int], ...]:
        """Chaque typologie et ses logements."""
        return tuple(zip(TYPOLOGIES, self.par_typologie, strict=True))

    @property
    def total(self) -> int:
        """Logements déclarés dans ce contingent."""
        return sum(self.par_typologie)

    @property
    def meme(self) -> int:
        """Logements qui portent un droit d'un titulaire de ce contingent."""
        return self.par_situation.get(Situation.MEME, 0)

    @property
    def autre(self) -> int:
        """Logements qui ne portent un droit que d'un autre réservataire."""
        return self.par_situation.get(Situation.AUTRE, 0)

    @property
    def echu(self) -> int:
        """Logements dont le droit d'un titulaire de ce contingent a pris fin : converti en flux, ou échu."""
        return self.par_situation.get(Situation.ECHU, 0)

    @property
    def sans(self) -> int:
        """Logements qui ne portent aucun droit, et n'en ont porté aucun d'un titulaire de ce contingent."""
        return self.par_situation.get(Situation.SANS, 0)

    @property
    def ecart(self) -> int:
        """Logements où la déclaration et les droits se contredisent."""
        return sum(self.par_situation.get(une, 0) for une in situations_en_ecart(self.code))


@dataclass(frozen=True, slots=True)
class LigneTitulaire:
    """Un réservataire et ses logements en stock, selon ce que le RPLS en déclare."""

    cle: int
    code: str
    nom: str
    droits: int
    confirmes: int
    non_reserves: int
    inconnus: int

    @property
    def ailleurs(self) -> int:
        """Logements que le RPLS déclare dans un autre contingent."""
        return self.droits - self.confirmes - self.non_reserves - self.inconnus

    @property
    def ecart(self) -> int:
        """Logements que le RPLS ne déclare pas à un contingent de ce réservataire."""
        return self.droits - self.confirmes


@dataclass(frozen=True, slots=True)
class DeclarationRpls:
    """Le rapprochement d'un bailleur dans un département ; vide si aucun fichier RPLS à CONTRESLOG n'a été importé."""

    millesimes: tuple[int, ...] = ()
    contingents: tuple[LigneContingent, ...] = ()
    titulaires: tuple[LigneTitulaire, ...] = ()

    @property
    def source(self) -> str:
        """« RPLS 2026 », « RPLS 2025 et 2026 », ou « RPLS » si aucun fichier ne dit son millésime."""
        return dire_la_source(self.millesimes)

    @property
    def total(self) -> int:
        """Logements dont le contingent est déclaré."""
        return sum(ligne.total for ligne in self.contingents)

    @property
    def reserves(self) -> int:
        """Parmi eux, ceux que le RPLS dit réservés."""
        return sum(ligne.total for ligne in self.contingents if not ligne.est_non_reserve)

    @property
    def echus(self) -> int:
        """Parmi les écarts, ceux dont le droit est converti ou échu : la déclaration est à corriger, non les droits."""
        return sum(ligne.echu for ligne in self.contingents)

    @property
    def ecart(self) -> int:
        """Logements où la déclaration et les droits enregistrés se contredisent."""
        return sum(ligne.ecart for ligne in self.contingents)


def dire_la_source(millesimes: tuple[int, ...]) -> str:
    """La source d'un nombre tiré du répertoire, avec son ou ses millésimes."""
    return " ".join(["RPLS", " et ".join(str(annee) for annee in millesimes)]).strip()


def fiches_du_departement(bailleur_id: int, departement: str) -> QuerySet[FicheRpls]:
    """Les fiches du patrimoine d'un bailleur dans un département."""
    return FicheRpls.objects.filter(logement__bailleur_id=bailleur_id, logement__commune__departement_id=departement)


def situation_des_droits(le: date) -> Case:
    """La `Situation` d'une fiche : ce que son logement porte à cette date, face au contingent déclaré.

    Un droit qui a pris fin n'est pas un droit jamais enregistré : il a pu être converti en flux (RG-35).
    """
    de_suite = ReservationStock.objects.filter(logement=OuterRef("logement"), nature=NatureDroitStock.SUITE)
    actifs = de_suite.actives(le)
    autre = When(Exists(actifs), then=Value(Situation.AUTRE.value))
    return Case(
        *_d_un_titulaire(actifs, Situation.MEME),
        autre,
        *_d_un_titulaire(de_suite.filter(date_fin__lt=le), Situation.ECHU),
        default=Value(Situation.SANS.value),
    )


def _d_un_titulaire(droits: QuerySet[ReservationStock], situation: Situation) -> list[When]:
    """La situation d'un logement dont un de ces droits est à un titulaire du contingent de sa fiche."""
    return [
        When(Exists(droits.filter(reservataire__type__in=types)), contingent=str(code), then=Value(situation.value))
        for code in CONTINGENTS
        if (types := types_titulaires(code))
    ]


def charger_declaration(bailleur_id: int, departement: str, le: date) -> DeclarationRpls:
    """Le rapprochement à cette date, en trois requêtes."""
    fiches = fiches_du_departement(bailleur_id, departement).exclude(contingent="")
    nombres: dict[int, Counter[str]] = defaultdict(Counter)
    situations: dict[int, Counter[str]] = defaultdict(Counter)
    lignes = (
        fiches.annotate(droits=situation_des_droits(le))
        .order_by()
        .values("contingent", "logement__typologie", "droits")
        .annotate(nombre=Count("pk"))
        .values_list("contingent", "logement__typologie", "droits", "nombre")
    )
    for contingent, typologie, situation, nombre in lignes:
        nombres[int(contingent)][typologie] += nombre
        situations[int(contingent)][situation] += nombre
    if not nombres:
        return DeclarationRpls()
    millesimes = fiches.exclude(millesime=None).order_by("millesime").values_list("millesime", flat=True).distinct()
    return DeclarationRpls(
        tuple(annee for annee in millesimes if annee is not None),
        tuple(
            LigneContingent(code, tuple(nombres[code][t] for t in TYPOLOGIES), dict(situations[code]))
            for code in sorted(nombres)
        ),
        _charger_titulaires(bailleur_id, departement, le),
    )


def _charger_titulaires(bailleur_id: int, departement: str, le: date) -> tuple[LigneTitulaire, ...]:
    champs = (
        "reservataire__code",
        "reservataire_id",
        "reservataire__nom",
        "reservataire__type",
        "logement__fiche_rpls__contingent",
    )
    lignes = (
        ReservationStock.objects.de_suite(bailleur_id, departement, le)
        .order_by()
        .values(*champs)
        .annotate(nombre=Count("logement_id", distinct=True))
        .values_list(*champs, "nombre")
    )
    par_titulaire: dict[tuple[str, int, str, str], Counter[int]] = defaultdict(Counter)
    for code, cle, nom, type_, contingent, nombre in lignes:
        par_titulaire[code, cle, nom, type_][int(contingent or 0)] += nombre
    return tuple(
        LigneTitulaire(
            cle,
            code,
            nom,
            droits=sum(declares.values()),
            confirmes=sum(declares[un] for un in contingents_possibles(type_)),
            non_reserves=declares[NON_RESERVE],
            inconnus=declares[0],
        )
        for (code, cle, nom, type_), declares in sorted(par_titulaire.items())
    )
