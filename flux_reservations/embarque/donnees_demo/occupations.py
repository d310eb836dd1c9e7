"""Ce que les enquêtes d'occupation disent des résidences (RG-51)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Final

from attributions.models import Occupation
from conventions.models import Bailleur, Logement
from flux_reservations.embarque.donnees_demo.ecriture import ecrire
from flux_reservations.embarque.donnees_demo.hasard import Hasard

_ENQUETES: Final = 2
_PERIODE: Final = 2
"""L'enquête a lieu au 1er janvier des années paires."""


def ecrire_occupations(bailleur: Bailleur, logements: Sequence[Logement], aujourd_hui: date, graine: str) -> int:
    """Les deux dernières enquêtes de chaque résidence ; son propre hasard, pour ne rien déplacer du reste."""
    hasard = Hasard(graine)
    residences = Counter((une.programme, une.commune_id) for une in logements if une.programme)
    derniere = aujourd_hui.year - aujourd_hui.year % _PERIODE
    lignes = [
        _enqueter(hasard, bailleur, programme, commune, date(derniere - _PERIODE * rang, 1, 1), nombre)
        for (programme, commune), nombre in sorted(residences.items())
        for rang in range(_ENQUETES)
    ]
    ecrire(Occupation, lignes)
    return len(lignes)


def _enqueter(hasard: Hasard, bailleur: Bailleur, programme: str, commune: str, le: date, logements: int) -> Occupation:
    menages = max(1, logements * hasard.entier(78, 96) // 100)

    def partie(mini: int, maxi: int) -> int:
        return menages * hasard.entier(mini, maxi) // 100

    return Occupation(
        bailleur=bailleur,
        programme=programme,
        commune_id=commune,
        enquete_le=le,
        menages=menages,
        sous_60_plafonds=partie(42, 71),
        allocataires=partie(33, 58),
        monoparentales=partie(12, 27),
        emmenages_recents=partie(6, 17),
    )
