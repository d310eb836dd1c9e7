"""Le bail : le signer, le corriger (RG-40, RG-45) ; le décompte s'en déduit, il n'est jamais saisi."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from attributions.actions.parcours import enregistrer, verrouiller_orientation
from attributions.domaine.codes import Issue, Reponse
from attributions.domaine.parcours import verifier_apres, verifier_bail
from attributions.models import Liberation, Orientation
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser


def signer_bail(*, acteur: Acteur, orientation_id: int, le: date) -> Orientation:
    """Date le bail d'une libération et conclut l'orientation ; lève `ErreurMetier` si une étape manque."""
    with transaction.atomic():
        orientation, _, parcours = verrouiller_orientation(
            acteur, orientation_id, permises=Orientation.objects.modifiables_par(acteur)
        )
        liberation = Liberation.objects.select_for_update().get(pk=orientation.liberation_id)
        if liberation.retrait:
            raise ErreurMetier("liberation_retiree", "Cette libération est retirée : aucun bail ne peut être signé.")
        verifier_bail(parcours, le, liberation.date_conge)
        retenu = next(
            (candidat for candidat in orientation.candidats.all() if candidat.reponse == Reponse.ACCEPTE), None
        )
        liberation.date_bail = le
        liberation.save(update_fields=["date_bail"])
        enregistrer(
            acteur,
            orientation,
            "signer_bail",
            {"issue": Issue.BAIL.value, "public": retenu.public if retenu else orientation.public},
        )
        journaliser(
            acteur=acteur,
            action="signer_bail",
            objet=liberation,
            organisme_id=liberation.bailleur_id,
            apres={"date_bail": le},
        )
    return orientation


def corriger_bail(*, acteur: Acteur, liberation_id: int, le: date | None, motif: str) -> Liberation:
    """Corrige la date d'un bail, ou l'annule (`le` vide) : l'orientation redevient en cours. Le motif est gardé.

    Réservé au responsable : le décompte de l'année peut changer.
    """
    if not motif.strip():
        raise ErreurMetier("motif_obligatoire", "Dites pourquoi le bail est corrigé.", champ="motif")
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    with transaction.atomic():
        liberation = (
            Liberation.objects.modifiables_par(acteur).filter(pk=liberation_id).select_for_update(of=("self",)).first()
        )
        if liberation is None:
            raise Introuvable
        if liberation.date_bail is None:
            raise ErreurMetier("sans_bail", "Cette libération n'a pas de bail à corriger.")
        if le is not None:
            verifier_apres("date_bail", le, liberation.date_conge, "le congé")
        avant = liberation.date_bail
        liberation.date_bail = le
        liberation.save(update_fields=["date_bail"])
        journaliser(
            acteur=acteur,
            action="corriger_bail",
            objet=liberation,
            organisme_id=liberation.bailleur_id,
            avant={"date_bail": avant},
            apres={"date_bail": le},
            motif=motif,
        )
        if le is None:
            conclue = liberation.orientations.filter(issue=Issue.BAIL).first()
            if conclue is not None:
                enregistrer(acteur, conclue, "rouvrir_orientation", {"issue": Issue.EN_COURS.value}, motif)
    return liberation
