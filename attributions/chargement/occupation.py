"""L'occupation sociale des résidences, la dernière connue de chacune (RG-51)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from attributions.domaine.occupation import OccupationMontree, montrer_occupation
from attributions.models import Occupation
from attributions.models.occupations import LIBELLES
from conventions.models import Logement
from flux_reservations.droit.delais import SEUIL_DU_SECRET

Occupations = Mapping[tuple[str, str | None], OccupationMontree]
"""Par programme et commune (None : le programme, où qu'il soit)."""


def charger_occupations(bailleur_id: int, programmes: Collection[str], le: date) -> Occupations:
    """La dernière occupation connue à cette date de chaque résidence, prête à montrer. Une requête."""
    programmes = set(programmes) - {""}
    seuil = SEUIL_DU_SECRET.valeur(le)
    return {
        (une.programme, une.commune_id): montrer_occupation(
            une.enquete_le, une.menages, [(libelle, getattr(une, champ)) for champ, libelle in LIBELLES.items()], seuil
        )
        for une in Occupation.objects.dernieres(bailleur_id, programmes, le)
    }


def occupation_de(logement: Logement, occupations: Occupations) -> OccupationMontree | None:
    """Celle de la résidence du logement, dans sa commune ou sans commune dite : la plus récente des deux."""
    trouvees = [occupations.get((logement.programme, commune)) for commune in (logement.commune_id, None)]
    return max((une for une in trouvees if une), key=lambda une: une.enquete_le, default=None)
