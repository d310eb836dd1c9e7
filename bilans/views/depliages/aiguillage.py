"""Du nombre demandé par l'adresse à ce qui le compose."""

from __future__ import annotations

from collections.abc import Callable

from bilans.calcul import CalculAnnuel
from bilans.views.champ import Champ
from bilans.views.depliages.assiette import deplier_assiette
from bilans.views.depliages.commun import (
    Demande,
)
from bilans.views.depliages.comptes import (
    deplier_attente,
    deplier_decompte,
    deplier_droit,
    deplier_entier,
    deplier_ligne,
    deplier_solde,
)
from bilans.views.depliages.etat import deplier_l_etat, deplier_part, deplier_recus
from flux_reservations.socle.vues import Depliage


def deplier(calcul: CalculAnnuel, champ: Champ, demande: Demande) -> Depliage:
    """Ce qui compose le nombre demandé ; lève `Introuvable` s'il n'existe pas."""
    quoi = demande.get("quoi", "C")
    lecture = _LECTURES.get(quoi)
    return lecture(calcul, champ, demande) if lecture else deplier_assiette(calcul, champ, demande)


_LECTURES: dict[str, Callable[[CalculAnnuel, Champ, Demande], Depliage]] = {
    "droit": deplier_droit,
    "ligne": deplier_ligne,
    "entier": deplier_entier,
    "decompte": deplier_decompte,
    "attente": deplier_attente,
    "solde": deplier_solde,
    "etat": deplier_l_etat,
    "part": deplier_part,
    "recus": deplier_recus,
}
