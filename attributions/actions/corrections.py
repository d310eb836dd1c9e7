"""Revenir en arrière, par une action prévue et motivée : mise à disposition, rendu, décision, réponse (RG-40 à RG-46).

Rien ne s'efface : le journal garde l'avant, l'après et le motif. Le décompte, calculé des faits, suit de lui-même.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from attributions.actions.candidats import enregistrer_candidat, verrouiller_candidat
from attributions.actions.lot import reviser_le_lot_de
from attributions.actions.notifications import annoncer_la_reprise
from attributions.actions.parcours import enregistrer, exiger_un_motif, verrouiller_orientation
from attributions.domaine.codes import DECISIONS_FAVORABLES, Issue
from attributions.domaine.parcours import decision_d_ensemble, verifier_apres
from attributions.models import Candidat, Orientation
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier


def corriger_mise_a_disposition(*, acteur: Acteur, orientation_id: int, le: date | None, motif: str) -> Orientation:
    """Corrige la date de mise à disposition, ou l'annule (`le` vide) si aucun candidat n'est présenté ; le délai suit (RG-46)."""
    exiger_un_motif(motif, "Dites pourquoi la mise à disposition est corrigée.")
    with transaction.atomic():
        orientation, _, parcours = verrouiller_orientation(
            acteur, orientation_id, permises=Orientation.objects.modifiables_par(acteur)
        )
        if parcours.mise_a_disposition is None:
            raise ErreurMetier(
                "pas_mis_a_disposition", "Ce logement n'a pas été mis à disposition : notifiez-le d'abord."
            )
        if le is None and parcours.proposition is not None:
            raise ErreurMetier(
                "candidats_presentes",
                "Des candidats sont présentés : retirez-les avant d'annuler la mise à disposition.",
            )
        if le is not None:
            verifier_apres("date_mise_a_disposition", le, parcours.date_orientation, "l'orientation")
            if parcours.proposition is not None and le > parcours.proposition:
                raise ErreurMetier(
                    "date_apres_etape",
                    f"Des candidats sont présentés depuis le {parcours.proposition:%d/%m/%Y} : la mise à disposition ne peut pas suivre.",
                    champ="le",
                )
        if le is None:
            annoncer_la_reprise(acteur, orientation)
        enregistrer(acteur, orientation, "corriger_mise_a_disposition", {"date_mise_a_disposition": le}, motif)
    return orientation


def annuler_le_rendu(*, acteur: Acteur, orientation_id: int, le: date, motif: str) -> Orientation:
    """Rouvre une orientation rendue par erreur, si le logement n'est pas réorienté depuis ; le délai d'origine reprend (RG-46)."""
    exiger_un_motif(motif, "Dites pourquoi le rendu est annulé.")
    with transaction.atomic():
        orientation, _, _ = verrouiller_orientation(
            acteur, orientation_id, permises=Orientation.objects.modifiables_par(acteur), en_cours=False
        )
        if orientation.issue != Issue.RENDU:
            raise ErreurMetier("pas_rendu", "Ce logement n'a pas été rendu : il n'y a pas de rendu à annuler.")
        liberation = orientation.liberation
        suivantes = liberation.orientations.filter(rang__gt=orientation.rang).exclude(issue=Issue.RETIRE)
        if liberation.date_bail or liberation.retrait or liberation.exclusion or suivantes.exists():
            raise Conflit(
                "Le logement a été loué, retiré ou réorienté depuis : ce rendu ne s'annule plus.", regle="RG-46"
            )
        changements = {"issue": Issue.EN_COURS.value, "date_rendu": None}
        enregistrer(acteur, orientation, "annuler_le_rendu", changements, motif)
        reviser_le_lot_de(acteur=acteur, liberation=liberation, le=le, cause="rendu annulé")
    return orientation


def annuler_la_decision(*, acteur: Acteur, orientation_id: int, motif: str) -> Orientation:
    """Annule la décision de la CALEOL avant toute offre : les candidats de cette séance redeviennent à examiner (RG-43).

    Réservé au responsable ; le procès-verbal de la séance ne change pas, une séance suivante redécide.
    """
    exiger_un_motif(motif, "Dites pourquoi la décision est annulée.")
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    with transaction.atomic():
        orientation, _, parcours = verrouiller_orientation(
            acteur, orientation_id, permises=Orientation.objects.modifiables_par(acteur)
        )
        if parcours.caleol is None:
            raise ErreurMetier("sans_decision", "La CALEOL n'a rien décidé pour ce logement.", regle="RG-43")
        examines = orientation.candidats.filter(date_examen=parcours.caleol)
        if examines.filter(date_notification__isnull=False).exists():
            raise ErreurMetier(
                "offre_notifiee",
                "Une offre est notifiée : saisissez la réponse du demandeur (refus ou désistement) plutôt que d'annuler la décision.",
                regle="RG-44",
            )
        examines.update(decision="", rang_caleol=None, date_examen=None, motif="")
        changements = {"date_caleol": None, "decision": ""}
        enregistrer(acteur, orientation, "annuler_la_decision", changements, motif)
    return orientation


def corriger_presentation(*, acteur: Acteur, candidat_id: int, le: date, motif: str) -> Candidat:
    """Corrige la date où une demande a été reçue ; la première date la proposition, donc le décompte de qui compte ainsi (RG-42, RG-46)."""
    exiger_un_motif(motif, "Dites pourquoi la date de présentation est corrigée.")
    if le > timezone.localdate():
        raise ErreurMetier("date_future", "Une présentation faite n'a pas une date à venir.", champ="le")
    with transaction.atomic():
        candidat = verrouiller_candidat(acteur, candidat_id)
        orientation, _, parcours = verrouiller_orientation(
            acteur, candidat.orientation_id, permises=Orientation.objects.modifiables_par(acteur)
        )
        verifier_apres("le", le, parcours.mise_a_disposition or parcours.date_orientation, "la mise à disposition")
        if candidat.date_examen is not None and le > candidat.date_examen:
            raise ErreurMetier(
                "date_apres_etape",
                f"La commission a examiné cette demande le {candidat.date_examen:%d/%m/%Y} : elle ne peut pas avoir été présentée après.",
                champ="le",
            )
        enregistrer_candidat(acteur, candidat, "corriger_presentation", {"date_presentation": le}, motif)
        connues = list(orientation.candidats.values_list("date_presentation", flat=True))
        if (
            None in connues
        ):  # Dossier importé sans ces dates : la proposition enregistrée reste la plus ancienne connue.
            connues.append(parcours.proposition)
        premiere = min(une for une in connues if une is not None)
        if premiere != parcours.proposition:
            enregistrer(acteur, orientation, "corriger_presentation", {"date_proposition": premiere}, motif)
    return candidat


def corriger_reponse(*, acteur: Acteur, candidat_id: int, motif: str) -> Candidat:
    """Efface une réponse saisie par erreur : l'offre attend de nouveau ; la décision de la commission tient de nouveau (RG-44)."""
    exiger_un_motif(motif, "Dites pourquoi la réponse est corrigée.")
    with transaction.atomic():
        candidat = verrouiller_candidat(acteur, candidat_id)
        orientation, _, parcours = verrouiller_orientation(
            acteur, candidat.orientation_id, permises=Orientation.objects.modifiables_par(acteur)
        )
        if not candidat.reponse:
            raise ErreurMetier("sans_reponse", "Ce demandeur n'a pas encore répondu : il n'y a rien à corriger.")
        if parcours.caleol is not None and candidat.date_examen not in {None, parcours.caleol}:
            raise Conflit("La commission a décidé de nouveau depuis : cette réponse ne se corrige plus.", regle="RG-43")
        devant = orientation.candidats.filter(
            date_examen=candidat.date_examen, rang_caleol__gt=candidat.rang_caleol or 0, date_notification__isnull=False
        ).exclude(reponse__in=["refuse", "silence", "desistement"])
        if devant.exists():
            raise Conflit(
                "L'offre est passée au rang suivant, qui ne l'a pas refusée : cette réponse ne se corrige plus.",
                regle="RG-43",
            )
        enregistrer_candidat(acteur, candidat, "corriger_reponse", {"reponse": "", "date_reponse": None}, motif)
        if parcours.caleol is None and candidat.date_examen is not None:
            decisions = list(
                orientation.candidats.filter(
                    date_examen=candidat.date_examen, decision__in=DECISIONS_FAVORABLES
                ).values_list("decision", flat=True)
            )
            retablie = {"date_caleol": candidat.date_examen, "decision": decision_d_ensemble(decisions)}
            enregistrer(acteur, orientation, "retablir_la_decision", retablie, motif)
    return candidat
