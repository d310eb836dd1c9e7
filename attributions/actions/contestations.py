"""Corriger ce qu'une contestation a montré (RG-74) : une carence constatée à tort s'annule, le délai reprend."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from attributions.actions.lot import reviser_le_lot_de
from attributions.actions.parcours import enregistrer, verrouiller_orientation
from attributions.domaine.codes import Issue
from attributions.models import Orientation
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import Conflit, ErreurMetier


def annuler_carence(*, acteur: Acteur, orientation_id: int, jusqu_au: date, motif: str, le: date) -> Orientation:
    """Rouvre une orientation finie en carence : la reprise du bailleur est retirée, le délai court jusqu'à `jusqu_au`.

    Lève `Conflit` si le logement a été loué ou réorienté depuis : la correction est alors affaire de solde, pas de logement.
    """
    if not motif.strip():
        raise ErreurMetier("motif_obligatoire", "Dites pourquoi la carence est annulée.", champ="motif")
    if jusqu_au < le:
        raise ErreurMetier("date_passee", "La nouvelle date limite est déjà passée.", champ="jusqu_au")
    with transaction.atomic():
        orientation, _, _ = verrouiller_orientation(
            acteur, orientation_id, permises=Orientation.objects.modifiables_par(acteur), en_cours=False
        )
        if orientation.issue != Issue.CARENCE:
            raise ErreurMetier("sans_carence", "Cette orientation n'a pas fini en carence.", regle="RG-46")
        suivantes = list(
            Orientation.objects.modifiables_par(acteur)
            .filter(liberation=orientation.liberation_id, rang__gt=orientation.rang)
            .select_related("reservataire", "liberation")
            .order_by("rang")
        )
        if any(une.reservataire_id is not None or une.issue != Issue.EN_COURS for une in suivantes):
            raise Conflit(
                "Le logement a été loué ou réorienté depuis cette carence : elle ne s'annule plus.", regle="RG-74"
            )
        for reprise in suivantes:
            enregistrer(acteur, reprise, "retirer_la_reprise", {"issue": Issue.RETIRE.value}, motif)
        enregistrer(
            acteur,
            orientation,
            "annuler_carence",
            {"issue": Issue.EN_COURS.value, "date_limite_prolongee": jusqu_au},
            motif,
        )
        reviser_le_lot_de(acteur=acteur, liberation=orientation.liberation, le=le, cause="carence annulée")
    return orientation
