"""Présenter, retirer, notifier, répondre : les candidats d'un logement (RG-42 à RG-44, RG-49)."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction

from attributions.actions.parcours import enregistrer, verrouiller_orientation
from attributions.domaine.codes import DECISIONS_FAVORABLES, Reponse
from attributions.domaine.parcours import Offre, avertir_numero_demande, est_silence, verifier_apres
from attributions.models import Candidat, Orientation
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser


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
        if parcours.caleol is not None and parcours.decision in DECISIONS_FAVORABLES:
            raise ErreurMetier(
                "deja_decide", "La CALEOL a déjà attribué ce logement : on n'y ajoute plus de candidat.", regle="RG-43"
            )
        verifier_apres(
            "date_proposition", le, parcours.mise_a_disposition or parcours.date_orientation, "la mise à disposition"
        )
        try:
            with transaction.atomic():
                candidat = Candidat.objects.create(
                    orientation=orientation, numero_demande=numero, public=public, nb_personnes=nb_personnes
                )
        except IntegrityError as erreur:
            raise ErreurMetier(
                "candidat_en_double", "Cette demande est déjà présentée pour ce logement.", champ="numero_demande"
            ) from erreur
        enregistrer(
            acteur,
            orientation,
            "presenter_candidat",
            {"date_proposition": parcours.proposition or le, "nb_candidats": _compter(orientation)},
        )
    return candidat, avertir_numero_demande(numero)


def retirer_candidat(*, acteur: Acteur, candidat_id: int) -> None:
    """Retire un candidat que la CALEOL n'a pas encore examiné ; sans candidat, la proposition n'est plus datée."""
    with transaction.atomic():
        candidat = _verrouiller_candidat(acteur, candidat_id)
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
        candidat = _verrouiller_candidat(acteur, candidat_id)
        if candidat.decision not in DECISIONS_FAVORABLES:
            raise ErreurMetier(
                "sans_attribution", "La CALEOL n'a pas attribué le logement à ce candidat.", regle="RG-43"
            )
        if candidat.date_notification is not None:
            raise ErreurMetier("deja_notifie", f"L'offre est notifiée depuis le {candidat.date_notification:%d/%m/%Y}.")
        _refuser_hors_rang(candidat)
        verifier_apres("date_notification", le, candidat.orientation.date_caleol, "la décision de la CALEOL")
        _enregistrer_candidat(acteur, candidat, "notifier_offre", date_notification=le)
    return candidat


def repondre(*, acteur: Acteur, candidat_id: int, reponse: str, le: date, motif: str = "") -> Candidat:
    """Enregistre la réponse du demandeur ; un refus laisse le rang suivant (RG-43, RG-44)."""
    if reponse not in set(Reponse):
        raise ErreurMetier(
            "reponse_inconnue", "Choisissez une réponse : accepte, refuse, désistement.", champ="reponse"
        )
    with transaction.atomic():
        candidat = _verrouiller_candidat(acteur, candidat_id)
        if candidat.date_notification is None:
            raise ErreurMetier("etape_sautee", "Notifiez d'abord l'offre à ce demandeur.", regle="RG-44")
        if candidat.reponse:
            raise ErreurMetier(
                "deja_repondu", f"Ce demandeur a déjà répondu ({candidat.get_reponse_display().lower()})."
            )
        verifier_apres("date_reponse", le, candidat.date_notification, "la notification de l'offre")
        _enregistrer_candidat(acteur, candidat, "repondre", motif=motif, reponse=reponse, date_reponse=le)
    return candidat


def constater_les_silences(*, acteur: Acteur, le: date) -> list[Candidat]:
    """Le silence vaut refus : clôt chaque offre dont le délai est passé, une fois chacune (tâche quotidienne, RG-44)."""
    attente = Candidat.objects.modifiables_par(acteur).filter(
        date_notification__isnull=False, reponse="", orientation__issue="en_cours"
    )
    return [
        repondre(acteur=acteur, candidat_id=candidat.pk, reponse=Reponse.SILENCE, le=le)
        for candidat in attente
        if est_silence(Offre(candidat.rang_caleol or 1, candidat.date_notification, candidat.reponse), le)
    ]


def _compter(orientation: Orientation) -> int:
    """Candidats en base : l'orientation verrouillée porte ceux d'avant l'acte."""
    return Candidat.objects.filter(orientation_id=orientation.pk).count()


def _verrouiller_candidat(acteur: Acteur, candidat_id: int) -> Candidat:
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


def _enregistrer_candidat(
    acteur: Acteur, candidat: Candidat, action: str, *, motif: str = "", **changements: object
) -> None:
    avant = {champ: getattr(candidat, champ) for champ in changements}
    for champ, valeur in changements.items():
        setattr(candidat, champ, valeur)
    candidat.save(update_fields=list(changements))
    journaliser(
        acteur=acteur,
        action=action,
        objet=candidat,
        organisme_id=candidat.orientation.liberation.bailleur_id,
        avant=avant,
        apres=changements,
        motif=motif,
    )
