"""Les obligations d'un bailleur : information de début d'année, bilan, fins de convention (RG-60, RG-61, RG-67)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flux_reservations.droit.delais import dernier_jour_du_bilan, rappel_de_l_information


@dataclass(frozen=True, slots=True)
class Obligation:
    """Une échéance : sa date, ce qu'il y a à faire, la règle ; `jours` d'ici là (négatif : dépassée)."""

    le: date
    libelle: str
    regle: str
    jours: int


def obligations_a_venir(le: date, fins_de_convention: Mapping[str, date], horizon: timedelta) -> list[Obligation]:
    """Les échéances jusqu'à l'horizon, dans l'ordre ; `fins_de_convention` : terme (inclus) par numéro de convention.

    L'information et le bilan de l'année restent dus passé leur date : c'est à qui sait s'ils sont faits de les retirer.
    """
    dates: list[tuple[date, str, str]] = []
    for annee in (le.year, le.year + 1):
        dates += [
            (rappel_de_l_information(annee), f"Envoyer l'information de début d'année {annee}", "RG-61"),
            (
                dernier_jour_du_bilan(annee - 1),
                f"Envoyer le bilan {annee - 1} et l'information {annee} (dernier jour)",
                "RG-60",
            ),
        ]
    dates += [
        (fin, f"La convention {numero} arrive à son terme", "RG-16")
        for numero, fin in fins_de_convention.items()
        if le <= fin
    ]
    return [
        Obligation(quand, libelle, regle, (quand - le).days)
        for quand, libelle, regle in sorted(dates)
        if quand <= le + horizon
    ]
