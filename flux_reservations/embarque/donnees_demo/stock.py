"""Les réservations en stock : ce que le flux a converti, ce qui ne l'est pas encore, ce qui reste identifié (RG-07, RG-35)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from conventions.domaine.codes import Contrepartie, NatureDroitStock
from conventions.models import Reservataire, ReservationStock
from flux_reservations.commun.calendrier import UN_JOUR
from flux_reservations.embarque.donnees_demo.conventions import EFFET
from flux_reservations.embarque.donnees_demo.hasard import Hasard
from flux_reservations.embarque.donnees_demo.patrimoine import LogementDemo

PREFECTORAL, FINANCEMENT = Contrepartie.CONTINGENT_PREFECTORAL, Contrepartie.FINANCEMENT
GARANTIE, IDENTIFIES = Contrepartie.GARANTIE_EMPRUNT, Contrepartie.LOGEMENTS_IDENTIFIES


@dataclass(frozen=True, slots=True)
class PartDeStock:
    """Combien de logements sur mille un réservataire tenait en stock, où (communes ; vide : partout), contre quoi."""

    reservataire: str
    sur_mille: int
    contrepartie: str
    communes: frozenset[str] = frozenset()
    est_converti: bool = True


_EPT11 = frozenset({"94028", "94002", "94011", "94044", "94004", "94071"})
_EPT12 = frozenset(
    {
        "94081",
        "94041",
        "94076",
        "94022",
        "94054",
        "94078",
        "94074",
        "94038",
        "94037",
        "94003",
        "94073",
        "94016",
        "94043",
    }
)

PARTS: Final[dict[str, tuple[PartDeStock, ...]]] = {
    "RB": (
        PartDeStock("ETAT94", 290, PREFECTORAL),
        PartDeStock("AL", 215, FINANCEMENT),
        PartDeStock("CD94", 28, FINANCEMENT),
        PartDeStock("REGION-IDF", 19, FINANCEMENT),
        PartDeStock("CAF94", 24, IDENTIFIES),
        PartDeStock("MUTUELLE", 12, IDENTIFIES),
        PartDeStock("LIGNES-SE", 40, IDENTIFIES, frozenset({"94073", "94022", "94054", "94081", "94074"})),
        PartDeStock("EPT11", 36, GARANTIE, _EPT11),
        PartDeStock("EPT12", 44, GARANTIE, _EPT12),
        PartDeStock("CRETEIL", 115, GARANTIE, frozenset({"94028"})),
        PartDeStock("VITRY", 150, GARANTIE, frozenset({"94081"})),
        PartDeStock("IVRY", 118, GARANTIE, frozenset({"94041"})),
        PartDeStock("CHAMPIGNY", 140, GARANTIE, frozenset({"94017"})),
        PartDeStock("VILLEJUIF", 96, GARANTIE, frozenset({"94076"})),
        PartDeStock("CHOISY", 108, GARANTIE, frozenset({"94022"})),
        PartDeStock("FONTENAY", 131, GARANTIE, frozenset({"94033"})),
        PartDeStock("ALFORTVILLE", 88, GARANTIE, frozenset({"94002"})),
        PartDeStock("BONNEUIL", 120, GARANTIE, frozenset({"94011"}), est_converti=False),
        PartDeStock("IMPRIMEURS", 4, FINANCEMENT, est_converti=False),
    ),
    "TM": (
        PartDeStock("ETAT94", 285, PREFECTORAL),
        PartDeStock("AL", 190, FINANCEMENT),
        PartDeStock("CD94", 18, FINANCEMENT),
        PartDeStock("EPT10", 34, GARANTIE),
        PartDeStock("CHAMPIGNY", 110, GARANTIE, frozenset({"94017"})),
        PartDeStock("SAINT-MAUR", 92, GARANTIE, frozenset({"94068"})),
    ),
}
STOCK_MAINTENU: Final = {"RB": (("ARMEES", 58), ("POLICE", 46), ("GH-EST", 40)), "TM": (("POLICE", 8),)}
"""Logements que chaque titulaire garde dans des programmes identifiés (RG-07)."""


def engendrer_stock(
    hasard: Hasard, prefixe: str, logements: list[LogementDemo], reservataires: dict[str, Reservataire]
) -> list[ReservationStock]:
    """Les réservations en stock ; marque au passage les logements du stock maintenu (`stock_de`)."""
    par_programme: dict[int, list[LogementDemo]] = {}
    for logement in logements:
        if not logement.programme.hors_champ and not logement.programme.est_neuf:
            par_programme.setdefault(logement.programme.numero, []).append(logement)
    reservations = list(_maintenir(hasard, prefixe, list(par_programme.values()), reservataires))
    for logement in logements:
        if logement.stock_de or logement.programme.hors_champ or logement.programme.est_neuf:
            continue
        reservations += _convertir(hasard, prefixe, logement, reservataires)
    return reservations


def _maintenir(
    hasard: Hasard, prefixe: str, programmes: list[list[LogementDemo]], reservataires: dict[str, Reservataire]
) -> Iterator[ReservationStock]:
    """Chaque titulaire garde des logements dans deux programmes ou plus, jusqu'à son compte."""
    restants = iter(hasard.melanger(programmes))
    for code, nombre in STOCK_MAINTENU[prefixe]:
        manque = nombre
        while manque:
            for logement in next(restants)[: min(manque, 30)]:
                logement.stock_de = code
                manque -= 1
                yield ReservationStock(
                    logement=logement.ligne,
                    reservataire=reservataires[code],
                    contrepartie=IDENTIFIES,
                    date_debut=logement.ligne.date_premiere_location,
                )


def _convertir(
    hasard: Hasard, prefixe: str, logement: LogementDemo, reservataires: dict[str, Reservataire]
) -> Iterator[ReservationStock]:
    """Au plus un droit de suite, que la convention a converti ; et parfois un vieux droit échu, ou un droit unique."""
    debut = logement.ligne.date_premiere_location
    veille = EFFET[prefixe] - UN_JOUR
    tirage = hasard.entier(0, 999)
    for part in PARTS[prefixe]:
        if part.communes and logement.commune not in part.communes:
            continue
        tirage -= part.sur_mille
        if tirage < 0:
            if debut is None or debut <= veille:
                yield ReservationStock(
                    logement=logement.ligne,
                    reservataire=reservataires[part.reservataire],
                    contrepartie=part.contrepartie,
                    date_debut=debut,
                    date_fin=veille if part.est_converti else None,
                )
            return
    if hasard.est_vrai(30) and debut is not None and debut.year < 1985:  # noqa: PLR2004 : emprunts de quarante ans
        yield ReservationStock(
            logement=logement.ligne,
            reservataire=reservataires["CD94"],
            contrepartie=GARANTIE,
            date_debut=debut,
            date_fin=date(debut.year + 40, 6, 30),
        )
    elif hasard.est_vrai(14):
        yield ReservationStock(
            logement=logement.ligne,
            reservataire=reservataires["AL"],
            contrepartie=FINANCEMENT,
            nature=NatureDroitStock.UNIQUE,
            date_debut=debut,
        )
