"""De l'orientation aux candidats : mettre à disposition, prolonger, rendre, constater la carence (RG-40, RG-46)."""

from __future__ import annotations

import logging
from datetime import date

from django.db import transaction

from attributions.actions.lot import reviser_le_lot_de
from attributions.actions.notifications import annoncer_la_carence, notifier_la_mise_a_disposition
from attributions.actions.parcours import enregistrer, exiger_un_motif, verrouiller_orientation
from attributions.chargement.parcours import avec_parcours, conventions_en_cause, lire_parcours
from attributions.domaine.codes import Issue
from attributions.domaine.parcours import Parcours, est_en_carence, limite_de_presentation, verifier_apres
from attributions.models import Orientation
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.socle.journal import journaliser

logger = logging.getLogger(__name__)


def mettre_a_disposition(*, acteur: Acteur, orientation_id: int, le: date) -> Orientation:
    """Notifie le logement au réservataire, avec sa fiche : le délai de présentation court de cette date (RG-46, RG-66).

    Lève `ErreurMetier` si le logement est au bailleur, déjà mis à disposition, ou si la date précède l'orientation.
    """
    with transaction.atomic():
        orientation, convention, parcours = verrouiller_orientation(
            acteur, orientation_id, permises=Orientation.objects.modifiables_par(acteur)
        )
        if parcours.est_au_bailleur:
            raise ErreurMetier(
                "compte_du_bailleur", "Ce logement est au bailleur : il n'y a personne à qui le notifier."
            )
        if parcours.mise_a_disposition is not None:
            raise ErreurMetier(
                "deja_mis_a_disposition",
                f"Ce logement est à disposition depuis le {parcours.mise_a_disposition:%d/%m/%Y} : si la date est fausse, corrigez-la "
                "avec un motif.",
            )
        verifier_apres("date_mise_a_disposition", le, parcours.date_orientation, "l'orientation")
        enregistrer(acteur, orientation, "mettre_a_disposition", {"date_mise_a_disposition": le})
        notifier_la_mise_a_disposition(acteur, orientation, convention)
    return orientation


def prolonger_le_delai(*, acteur: Acteur, orientation_id: int, jusqu_au: date, motif: str) -> Orientation:
    """Repousse la date limite de présentation ; ne la raccourcit jamais."""
    exiger_un_motif(motif, "Dites pourquoi le délai est prolongé.")
    with transaction.atomic():
        orientation, _, parcours = verrouiller_orientation(
            acteur, orientation_id, permises=Orientation.objects.modifiables_par(acteur)
        )
        limite = limite_de_presentation(parcours)
        if limite is None:
            raise ErreurMetier(
                "sans_delai",
                "Aucun délai de présentation ne court : gestion déléguée (RG-21), ou logement pas encore mis à disposition.",
                regle="RG-21",
            )
        if jusqu_au <= limite:
            raise ErreurMetier(
                "prolongation_trop_courte",
                f"La date limite est déjà le {limite:%d/%m/%Y} : choisissez une date plus tardive.",
                champ="jusqu_au",
            )
        enregistrer(acteur, orientation, "prolonger_le_delai", {"date_limite_prolongee": jusqu_au}, motif)
    return orientation


def rendre(*, acteur: Acteur, orientation_id: int, le: date, motif: str) -> Orientation:
    """Le réservataire rend le logement : rien n'est décompté, le moteur le propose de nouveau sans lui (RG-46).

    Lève `ErreurMetier` sans motif, pour un compte du bailleur, passé le délai sans candidat, ou si la CALEOL l'a attribué.
    """
    exiger_un_motif(motif, "Dites pourquoi le logement est rendu.")
    with transaction.atomic():
        orientation, _, parcours = verrouiller_orientation(
            acteur, orientation_id, permises=Orientation.objects.presentables_par(acteur)
        )
        if parcours.est_au_bailleur:
            raise ErreurMetier("compte_du_bailleur", "Le bailleur ne rend pas un logement à lui-même : réorientez-le.")
        if parcours.est_attribuee:
            raise ErreurMetier(
                "deja_decide",
                "La CALEOL a attribué ce logement : il ne se rend plus. Saisissez les réponses des candidats, ou annulez la décision.",
                regle="RG-43",
            )
        limite = limite_de_presentation(parcours)
        if limite is not None and le > limite and parcours.proposition is None:
            raise ErreurMetier(
                "delai_passe",
                f"Le délai de présentation est passé depuis le {limite:%d/%m/%Y} : le logement est en carence, il ne se rend plus. "
                "Une carence constatée à tort se conteste.",
                champ="le",
                regle="RG-46",
            )
        verifier_apres(
            "date_rendu", le, parcours.mise_a_disposition or parcours.date_orientation, "la mise à disposition"
        )
        enregistrer(acteur, orientation, "rendre", {"issue": Issue.RENDU.value, "date_rendu": le}, motif)
        liberation = orientation.liberation
        reviser_le_lot_de(acteur=acteur, liberation=liberation, le=le, cause=f"{liberation.numero} rendue")
    return orientation


def constater_carence(*, acteur: Acteur, orientation_id: int, le: date) -> Orientation:
    """Le délai est passé sans candidat : le bailleur reprend le logement pour un tour (RG-46).

    L'orientation finit en carence (décomptée selon la convention) et une orientation vers le bailleur la suit. Lève
    `ErreurMetier` tant que le délai court.
    """
    with transaction.atomic():
        orientation, convention, parcours = verrouiller_orientation(
            acteur, orientation_id, permises=Orientation.objects.modifiables_par(acteur)
        )
        limite = limite_de_presentation(parcours)
        if limite is None or not est_en_carence(parcours, le):
            raise ErreurMetier(
                "delai_en_cours",
                f"Il n'y a pas carence : {_pourquoi_pas(parcours, limite)}",
                champ="le",
                regle="RG-46",
            )
        enregistrer(acteur, orientation, "constater_carence", {"issue": Issue.CARENCE.value})
        reprise = Orientation.objects.create(
            liberation=orientation.liberation,
            rang=orientation.rang + 1,
            date_orientation=le,
            motif=f"Reprise pour un tour après la carence de {orientation.nom_du_compte}",
            decidee_par_id=acteur.utilisateur_id,
        )
        journaliser(
            acteur=acteur,
            action="reprendre_pour_un_tour",
            objet=reprise,
            organisme_id=orientation.liberation.bailleur_id,
            apres={"compte": reprise.compte, "rang": reprise.rang, "date_orientation": le},
        )
        annoncer_la_carence(acteur, orientation, convention, limite)
    return reprise


def constater_les_carences(*, acteur: Acteur, le: date) -> list[Orientation]:
    """Constate chaque carence échue à cette date, une fois chacune ; rend les reprises (tâche quotidienne)."""
    attente = (
        Orientation.objects.modifiables_par(acteur)
        .en_cours()
        .filter(reservataire__isnull=False, date_mise_a_disposition__isnull=False, date_proposition__isnull=True)
    )
    orientations = list(avec_parcours(attente).order_by("pk"))
    conventions = conventions_en_cause(orientations)
    reprises = []
    for orientation in orientations:
        if not est_en_carence(lire_parcours(orientation, conventions.get(orientation.pk)), le):
            continue
        try:
            reprises.append(constater_carence(acteur=acteur, orientation_id=orientation.pk, le=le))
        except ErreurMetier as refus:
            logger.info("orientation=%s : %s, réglé entre-temps", orientation.pk, refus.code)
    return reprises


def _pourquoi_pas(parcours: Parcours, limite: date | None) -> str:
    """Ce qui empêche de constater une carence, et que faire."""
    if limite is None and not (parcours.est_au_bailleur or parcours.est_deleguee):
        return "le logement n'a pas été mis à disposition. Notifiez-le d'abord : le délai court de cette date."
    if limite is None:
        return "cette orientation n'a pas de délai de présentation (gestion déléguée, ou compte du bailleur)."
    if parcours.proposition is not None:
        return "un candidat est présenté. Inscrivez le logement à une séance."
    return f"le délai court jusqu'au {limite:%d/%m/%Y} inclus. Attendez cette date, ou que le réservataire rende le logement."
