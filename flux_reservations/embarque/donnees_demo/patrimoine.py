"""Les logements : typologie, surface, loyer, diagnostic, situation datée (quartier prioritaire, hors champ)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from django.db.backends.postgresql.psycopg_any import DateRange

from conventions.models import Bailleur, Logement, SituationLogement
from flux_reservations.embarque.donnees_demo.hasard import Hasard
from flux_reservations.embarque.donnees_demo.lieux import code_qpv
from flux_reservations.embarque.donnees_demo.programmes import Programme

NOUVELLE_GEOGRAPHIE: Final = date(2024, 1, 1)
"""Jour où la géographie prioritaire a changé : les codes `QP…` deviennent `QN…`."""
QUARTIERS_ENTRANTS: Final = frozenset({10, 16})
QUARTIERS_SORTANTS: Final = frozenset({33})
"""Numéros de quartiers entrés dans la géographie prioritaire, ou sortis d'elle, à cette date (fiction)."""

TYPOLOGIES: Final = (("T1", 8), ("T2", 22), ("T3", 36), ("T4", 25), ("T5", 8), ("T6", 1))
TYPOLOGIES_NEUVES: Final = (("T1", 9), ("T2", 32), ("T3", 36), ("T4", 19), ("T5", 4))
SURFACES: Final = {"T1": (26, 36), "T2": (41, 53), "T3": (56, 70), "T4": (69, 86), "T5": (84, 101), "T6": (99, 122)}
LOYERS: Final = {
    "HBM": 615,
    "HLMO": 588,
    "ILM": 662,
    "ILN": 738,
    "PLA": 672,
    "PLATS": 578,
    "PLUS": 705,
    "PLAI": 626,
    "PLS": 1034,
    "PLI": 1262,
}
"""Loyer mensuel par mètre carré, en centimes."""
DPE: Final = (
    (1949, (("D", 3), ("E", 5), ("F", 2), ("G", 1))),
    (1975, (("C", 2), ("D", 6), ("E", 5), ("F", 1))),
    (2000, (("C", 4), ("D", 6), ("E", 2))),
    (2013, (("B", 2), ("C", 6), ("D", 2))),
    (9999, (("A", 4), ("B", 6), ("C", 1))),
)
ROTATIONS: Final = {"T1": 16, "T2": 12, "T3": 9, "T4": 7, "T5": 5, "T6": 4}
"""Combien un logement se libère, par rapport aux autres : un studio trois fois plus qu'un cinq-pièces."""


@dataclass(slots=True)
class LogementDemo:
    """Un logement et ce que l'histoire doit en savoir. `stock_de` : réservataire qui garde ce logement en stock (RG-07)."""

    ligne: Logement
    programme: Programme
    situations: tuple[tuple[date | None, date | None, str, str], ...]
    stock_de: str = ""
    occupe_depuis: date = field(default=date.min)

    @property
    def commune(self) -> str:
        """Code de la commune."""
        return self.programme.lieu.code

    @property
    def poids(self) -> int:
        """Combien il se libère : petite surface et loyer cher tournent plus."""
        cher = 3 if self.programme.financement in {"PLS", "PLI"} else 0
        calme = 1 if self.programme.quartier else 0
        return ROTATIONS[self.ligne.typologie] + cher - calme

    def situation(self, le: date) -> tuple[str, str]:
        """Quartier prioritaire et motif hors champ à cette date."""
        for debut, fin, qpv, hors_champ in self.situations:
            if (debut is None or debut <= le) and (fin is None or le < fin):
                return qpv, hors_champ
        return "", ""


def engendrer_logements(
    hasard: Hasard, bailleur: Bailleur, programmes: list[Programme], cles: Iterator[int], aujourd_hui: date
) -> list[LogementDemo]:
    """Les logements de tous les programmes ; un ensemble est gelé depuis l'an dernier, avant sa démolition."""
    a_demolir = (un for un in programmes if un.quartier and 50 < un.nombre < 110)  # noqa: PLR2004 : une barre, pas une cité
    gele = max(a_demolir, key=lambda un: (un.nombre, un.numero), default=None)
    gel = date(aujourd_hui.year - 1, 9, 1)
    logements = []
    for programme in programmes:
        situations_communes = _situations(programme)
        for rang in range(1, programme.nombre + 1):
            ligne = _engendrer_un(hasard, bailleur, programme, rang, next(cles))
            situations = situations_communes
            if programme is gele and rang % 3:
                situations = _geler(situations, gel)
            elif not programme.hors_champ and hasard.est_vrai(18):
                motif = "association" if hasard.est_vrai(550) else "fonction"
                situations = tuple((debut, fin, qpv, motif) for debut, fin, qpv, _ in situations)
            logements.append(LogementDemo(ligne, programme, situations))
    return logements


def situations_des(logements: list[LogementDemo]) -> Iterator[SituationLogement]:
    """Les situations datées, prêtes à écrire."""
    for logement in logements:
        for debut, fin, qpv, hors_champ in logement.situations:
            yield SituationLogement(
                logement_id=logement.ligne.pk, periode=DateRange(debut, fin), qpv=qpv, hors_champ=hors_champ
            )


def _situations(programme: Programme) -> tuple[tuple[date | None, date | None, str, str], ...]:
    numero = programme.quartier
    if not numero:
        return ((None, None, "", programme.hors_champ),)
    ancien = "" if numero in QUARTIERS_ENTRANTS else code_qpv(numero, ancien=True)
    nouveau = "" if numero in QUARTIERS_SORTANTS else code_qpv(numero, ancien=False)
    return (
        (None, NOUVELLE_GEOGRAPHIE, ancien, programme.hors_champ),
        (NOUVELLE_GEOGRAPHIE, None, nouveau, programme.hors_champ),
    )


def _geler(
    situations: tuple[tuple[date | None, date | None, str, str], ...], le: date
) -> tuple[tuple[date | None, date | None, str, str], ...]:
    """Les mêmes situations, le logement étant gelé à compter de ce jour."""
    debut, _, qpv, _ = situations[-1]
    return (*situations[:-1], (debut, le, qpv, ""), (le, None, qpv, "gele"))


def _engendrer_un(hasard: Hasard, bailleur: Bailleur, programme: Programme, rang: int, cle: int) -> Logement:
    recent = programme.annee >= 2001  # noqa: PLR2004 : programmes récents, plus de petits logements
    typologie = "T1" if programme.hors_champ == "foyer" else hasard.peser(TYPOLOGIES_NEUVES if recent else TYPOLOGIES)
    etage = (rang - 1) % (programme.etages + 1)
    surface = Decimal(2 * hasard.entier(*SURFACES[typologie]) + hasard.entier(0, 1)) / 2
    au_metre = LOYERS[programme.financement] * hasard.entier(93, 108) // 100
    cage = (rang - 1) // 24
    batiment = f", bât. {'ABCDEFGHJKL'[cage % 11]}" if programme.nombre > 40 else ""  # noqa: PLR2004
    return Logement(
        pk=cle,
        bailleur=bailleur,
        identifiant=f"{programme.numero:04d}-{rang:04d}",
        identifiant_rpls=f"94{cle % 100_000_000:08d}",
        programme=programme.nom,
        adresse=f"{programme.premier_numero + 2 * cage} {programme.rue}{batiment}",
        code_postal=programme.lieu.code_postal,
        commune_id=programme.lieu.code,
        typologie=typologie,
        surface=surface,
        financement=programme.financement,
        annee_construction=programme.annee,
        date_premiere_location=None
        if programme.est_neuf
        else date(programme.annee + 1, 4 if programme.numero % 2 else 10, 1),
        loyer=(surface * au_metre / 100).quantize(Decimal("0.01")),
        charges=(surface * hasard.entier(185, 290) / 100).quantize(Decimal("0.01")),
        etage="RDC" if etage == 0 else str(etage),
        ascenseur=programme.a_un_ascenseur,
        pmr=(etage == 0 or programme.a_un_ascenseur) and hasard.est_vrai(140 if recent else 35),
        dpe=hasard.peser(next(notes for borne, notes in DPE if programme.annee < borne)),
        annexes=hasard.peser(
            (("", 4), ("Cave", 4), ("Parking", 3), ("Cave, parking", 2), ("Balcon", 2 if recent else 1))
        ),
        secteur=programme.secteur,
    )
