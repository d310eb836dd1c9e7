"""Présenter, retirer, notifier, répondre : les candidats d'un logement (RG-42 à RG-44, RG-49)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date

from django.db import IntegrityError, transaction

from attributions.actions.parcours import enregistrer, verrouiller_orientation
from attributions.domaine.codes import DECISIONS_FAVORABLES, Reponse
from attributions.domaine.lecture_candidats import CandidatLu
from attributions.domaine.parcours import (
    Offre,
    avertir_numero_demande,
    est_en_carence,
    est_silence,
    limite_de_reponse,
    tous_ont_refuse,
    verifier_apres,
)
from attributions.models import Candidat, Orientation
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.calendrier import UN_JOUR
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser

logger = logging.getLogger(__name__)


def presenter_candidat(
    *,
    acteur: Acteur,
    orientation_id: int,
    numero_demande: str,
    le: date,
    public: str = "",
    nb_personnes: int | None = None,
) -> tuple[Candidat, str]:
    """Présente une demande pour un logement ; rend le candidat et un avertissement de forme, vide s'il n'y en a pas (RG-49).

    La première présentation date la proposition. Lève `ErreurMetier` si la demande est déjà présentée, ou si la CALEOL a décidé.
    """
    numero = "".join(numero_demande.split()).upper()
    if not numero:
        raise ErreurMetier("numero_absent", "Saisissez le numéro unique de la demande.", champ="numero_demande")
    with transaction.atomic():
        orientation, _, parcours = verrouiller_orientation(
            acteur, orientation_id, permises=Orientation.objects.presentables_par(acteur)
        )
        if parcours.est_attribuee:
            raise ErreurMetier(
                "deja_decide",
                "La CALEOL a déjà attribué ce logement : on n'y ajoute plus de candidat, sauf si tous ceux qu'elle a retenus refusent.",
                regle="RG-43",
            )
        verifier_apres(
            "date_proposition", le, parcours.mise_a_disposition or parcours.date_orientation, "la mise à disposition"
        )
        try:
            with transaction.atomic():
                candidat = Candidat.objects.create(
                    orientation=orientation,
                    numero_demande=numero,
                    public=public,
                    nb_personnes=nb_personnes,
                    date_presentation=le,
                )
        except IntegrityError as erreur:
            raise ErreurMetier(
                "candidat_en_double",
                "Cette demande est déjà présentée pour ce logement : vérifiez le numéro, ou retirez l'autre ligne.",
                champ="numero_demande",
            ) from erreur
        enregistrer(
            acteur,
            orientation,
            "presenter_candidat",
            {"date_proposition": parcours.proposition or le, "nb_candidats": _compter(orientation)},
            "Présenté hors délai, accepté par le bailleur" if est_en_carence(parcours, le) else "",
        )
    return candidat, avertir_numero_demande(numero)


def presenter_une_liste(*, acteur: Acteur, orientation_id: int, candidats: Sequence[CandidatLu], le: date) -> list[str]:
    """Présente plusieurs demandes d'un coup : toutes, ou aucune ; rend les avertissements de forme (RG-42, RG-49)."""
    avertissements = []
    with transaction.atomic():
        for lu in candidats:
            try:
                _, avertissement = presenter_candidat(
                    acteur=acteur,
                    orientation_id=orientation_id,
                    numero_demande=lu.numero_demande,
                    le=le,
                    public=lu.public,
                    nb_personnes=lu.nb_personnes,
                )
            except (AccesRefuse, Introuvable):
                raise
            except ErreurMetier as erreur:
                raise ErreurMetier(erreur.code, f"Ligne {lu.ligne} : {erreur.message}", champ="liste") from erreur
            if avertissement:
                avertissements.append(f"Ligne {lu.ligne} : {avertissement}")
    return avertissements


def retirer_candidat(*, acteur: Acteur, candidat_id: int) -> None:
    """Retire un candidat que la CALEOL n'a pas encore examiné ; sans candidat, la proposition n'est plus datée."""
    with transaction.atomic():
        candidat = verrouiller_candidat(acteur, candidat_id)
        orientation, _, _ = verrouiller_orientation(
            acteur, candidat.orientation_id, permises=Orientation.objects.presentables_par(acteur)
        )
        if candidat.decision:
            raise ErreurMetier("deja_examine", "La CALEOL a examiné ce candidat : il reste au dossier.", regle="RG-43")
        candidat.delete()
        reste = _compter(orientation)
        enregistrer(
            acteur,
            orientation,
            "retirer_candidat",
            {"nb_candidats": reste, "date_proposition": orientation.date_proposition if reste else None},
        )


def notifier_offre(*, acteur: Acteur, candidat_id: int, le: date) -> Candidat:
    """Date la notification de l'offre : dix jours au moins courent du lendemain (RG-44)."""
    with transaction.atomic():
        candidat = verrouiller_candidat(acteur, candidat_id)
        if candidat.decision not in DECISIONS_FAVORABLES:
            raise ErreurMetier(
                "sans_attribution",
                "La CALEOL n'a pas attribué le logement à ce candidat : décidez d'abord en séance.",
                regle="RG-43",
            )
        if candidat.date_notification is not None:
            raise ErreurMetier("deja_notifie", f"L'offre est notifiée depuis le {candidat.date_notification:%d/%m/%Y}.")
        _refuser_hors_rang(candidat)
        verifier_apres("date_notification", le, candidat.orientation.date_caleol, "la décision de la CALEOL")
        enregistrer_candidat(acteur, candidat, "notifier_offre", {"date_notification": le})
    return candidat


def repondre(*, acteur: Acteur, candidat_id: int, reponse: str, le: date, motif: str = "") -> Candidat:
    """Enregistre la réponse du demandeur ; un refus laisse le rang suivant (RG-43, RG-44).

    Un désistement peut précéder l'offre. Quand tous ont refusé, la décision de la commission ne tient plus : rien n'est décompté à
    ce titre et le réservataire propose de nouveau (RG-46).
    """
    if reponse not in set(Reponse):
        raise ErreurMetier(
            "reponse_inconnue", "Choisissez une réponse : accepte, refuse, désistement.", champ="reponse"
        )
    with transaction.atomic():
        candidat = verrouiller_candidat(acteur, candidat_id)
        if candidat.date_notification is None and reponse != Reponse.DESISTEMENT:
            raise ErreurMetier("etape_sautee", "Notifiez d'abord l'offre à ce demandeur.", regle="RG-44")
        if candidat.reponse:
            raise ErreurMetier(
                "deja_repondu",
                f"Ce demandeur a déjà répondu ({candidat.get_reponse_display().lower()}) : corrigez sa réponse, avec un motif.",
            )
        plancher = candidat.date_notification or candidat.orientation.date_caleol
        verifier_apres("date_reponse", le, plancher, "la notification de l'offre")
        changements: dict[str, object] = {"reponse": reponse, "date_reponse": le}
        if motif.strip():
            changements["motif"] = motif.strip()
        enregistrer_candidat(acteur, candidat, "repondre", changements, motif)
        if reponse != Reponse.ACCEPTE:
            _reprendre_la_presentation(acteur, candidat)
    return candidat


def constater_les_silences(*, acteur: Acteur, le: date) -> list[Candidat]:
    """Le silence vaut refus : clôt chaque offre dont le délai est passé, une fois chacune (tâche quotidienne, RG-44).

    Le refus est daté du lendemain de l'échéance, même si la tâche a du retard.
    """
    attente = Candidat.objects.modifiables_par(acteur).filter(
        date_notification__isnull=False, reponse="", orientation__issue="en_cours"
    )
    echus = [
        (candidat.pk, limite + UN_JOUR)
        for candidat in attente.order_by("pk")
        if (limite := limite_de_reponse(candidat.date_notification))
        and est_silence(Offre(candidat.rang_caleol or 1, candidat.date_notification, candidat.reponse), le)
    ]
    clos = []
    for cle, lendemain in echus:
        try:
            clos.append(repondre(acteur=acteur, candidat_id=cle, reponse=Reponse.SILENCE, le=lendemain))
        except ErreurMetier as refus:
            logger.info("candidat=%s : %s, réglé entre-temps", cle, refus.code)
    return clos


def _reprendre_la_presentation(acteur: Acteur, candidat: Candidat) -> None:
    """Si tous ceux que la commission a retenus ont refusé, sa décision tombe : l'orientation attend d'autres candidats (RG-46)."""
    orientation, _, parcours = verrouiller_orientation(
        acteur, candidat.orientation_id, permises=Orientation.objects.presentables_par(acteur)
    )
    if parcours.est_attribuee and tous_ont_refuse(parcours.offres):
        enregistrer(acteur, orientation, "reprendre_la_presentation", {"date_caleol": None, "decision": ""})


def _compter(orientation: Orientation) -> int:
    """Candidats en base : l'orientation verrouillée porte ceux d'avant l'acte."""
    return Candidat.objects.filter(orientation_id=orientation.pk).count()


def verrouiller_candidat(acteur: Acteur, candidat_id: int) -> Candidat:
    """Le candidat verrouillé ; lève `Introuvable` ou `AccesRefuse`."""
    permis = Candidat.objects.modifiables_par(acteur).filter(pk=candidat_id)
    candidat = permis.select_for_update(of=("self",)).select_related("orientation__liberation").first()
    if candidat is None:
        if Candidat.objects.visibles_par(acteur).filter(pk=candidat_id).exists():
            raise AccesRefuse
        raise Introuvable
    return candidat


def _refuser_hors_rang(candidat: Candidat) -> None:
    """On n'offre au rang suivant qu'après le refus des rangs d'avant (RG-43)."""
    devant = candidat.orientation.candidats.filter(decision__in=DECISIONS_FAVORABLES, reponse="").exclude(
        pk=candidat.pk
    )
    if candidat.rang_caleol and devant.filter(rang_caleol__lt=candidat.rang_caleol).exists():
        raise ErreurMetier(
            "rang_precedent", "Un rang précédent n'a pas encore répondu : l'offre lui revient d'abord.", regle="RG-43"
        )


def enregistrer_candidat(
    acteur: Acteur, candidat: Candidat, action: str, changements: Mapping[str, object], motif: str = ""
) -> None:
    """Écrit les champs changés du candidat et le journal ; le motif d'un demandeur, purgeable, n'y entre pas (RG-71)."""
    avant = {champ: getattr(candidat, champ) for champ in changements}
    for champ, valeur in changements.items():
        setattr(candidat, champ, valeur)
    candidat.save(update_fields=list(changements))
    traces = [champ for champ in changements if champ != "motif"]
    journaliser(
        acteur=acteur,
        action=action,
        objet=candidat,
        organisme_id=candidat.orientation.liberation.bailleur_id,
        avant={champ: avant[champ] for champ in traces},
        apres={champ: changements[champ] for champ in traces},
        motif=motif,
    )
