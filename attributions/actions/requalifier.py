"""Revenir sur une libération : annuler une orientation, exclure, retirer, décaler (RG-31, RG-40, RG-46)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from attributions.actions.lot import deposer_le_lot, reviser_le_lot_de, verrouiller_les_comptes
from attributions.actions.notifications import annoncer_la_reprise
from attributions.actions.orienter import trouver_liberation, verrouiller_liberations
from attributions.actions.parcours import exiger_un_motif
from attributions.chargement.comptes import Comptes, etablir_le_lot
from attributions.domaine.codes import Exclusion, Issue, Reponse, Retrait
from attributions.models import Liberation, Orientation
from conventions.domaine.codes import Code
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser


def annuler_l_orientation(*, acteur: Acteur, orientation_id: int, le: date, motif: str) -> Orientation:
    """Revient sur une décision tant que rien n'est notifié : l'orientation est retirée, le logement revient dans le lot."""
    exiger_un_motif(motif, "Dites pourquoi : le motif est gardé avec le changement.")
    permises = Orientation.objects.modifiables_par(acteur)
    orientation = (
        permises.filter(pk=orientation_id)
        .select_related("liberation__logement__commune", "liberation__bailleur")
        .first()
    )
    if orientation is None:
        if Orientation.objects.visibles_par(acteur).filter(pk=orientation_id).exists():
            raise AccesRefuse
        raise Introuvable
    comptes = Comptes.d_une_liberation(orientation.liberation, le)
    with transaction.atomic():
        verrouiller_les_comptes(comptes)
        orientation = (
            Orientation.objects.select_for_update(of=("self",))
            .select_related("liberation", "reservataire")
            .get(pk=orientation_id)
        )
        _refuser_si_notifiee(orientation)
        _retirer_l_orientation(acteur, orientation, motif, "annuler_l_orientation")
        chargee, vivant = etablir_le_lot(comptes, le)
        deposer_le_lot(
            acteur, comptes, chargee, vivant, f"annulation de l'orientation de {orientation.liberation.numero}"
        )
    return orientation


def _refuser_si_notifiee(orientation: Orientation) -> None:
    if orientation.issue != Issue.EN_COURS:
        raise ErreurMetier(
            "orientation_finie",
            f"Cette orientation est terminée ({orientation.get_issue_display().lower()}) : elle ne s'annule plus.",
        )
    if orientation.date_mise_a_disposition or orientation.date_proposition or orientation.date_caleol:
        raise ErreurMetier(
            "deja_notifie",
            "Le logement a été mis à disposition : demandez au réservataire de le rendre, attendez la fin du délai, ou corrigez la mise "
            "à disposition si elle n'a pas eu lieu.",
            regle="RG-46",
        )


def _retirer_l_orientation(acteur: Acteur, orientation: Orientation, motif: str, action: str) -> None:
    orientation.issue = Issue.RETIRE
    orientation.save(update_fields=["issue"])
    journaliser(
        acteur=acteur,
        action=action,
        objet=orientation,
        organisme_id=orientation.liberation.bailleur_id,
        avant={"issue": Issue.EN_COURS.value},
        apres={"issue": Issue.RETIRE.value, "compte": orientation.compte},
        motif=motif.strip(),
    )


def exclure(*, acteur: Acteur, liberation_id: int, exclusion: str, le: date, motif: str = "") -> Liberation:
    """Qualifie une libération : `exclusion` la soustrait du flux, vide l'y remet (RG-31). Requalifier demande un motif.

    Une orientation en cours est reprise : le compte n'est pas décompté, et il en est averti si le logement était à sa disposition
    (RG-46). Lève `ErreurMetier` si une offre est en cours ou acceptée : un ménage attend ce logement.
    """
    return _requalifier(
        acteur, liberation_id, le, motif, {"exclusion": exclusion, "motif_exclusion": motif.strip()}, "exclure"
    )


def retirer_la_liberation(*, acteur: Acteur, liberation_id: int, retrait: str, le: date, motif: str = "") -> Liberation:
    """Retire une libération : congé annulé, gel ou vente (RG-40) ; `retrait` vide la rétablit. Refusée si un bail est signé.

    Le titulaire d'un logement déjà mis à sa disposition en est averti ; rien ne lui est décompté (RG-46).
    """
    return _requalifier(
        acteur, liberation_id, le, motif, {"retrait": retrait, "motif_retrait": motif.strip()}, "retirer_la_liberation"
    )


def decaler_la_disponibilite(
    *, acteur: Acteur, liberation_id: int, disponible_le: date, le: date, motif: str = ""
) -> Liberation:
    """Change la date de disponibilité d'une libération (RG-40) : l'état des comptes est rejoué à sa nouvelle place."""
    return _requalifier(
        acteur, liberation_id, le, motif, {"date_disponibilite": disponible_le}, "decaler_la_disponibilite"
    )


def _requalifier(
    acteur: Acteur, liberation_id: int, le: date, motif: str, changements: Mapping[str, Any], action: str
) -> Liberation:
    depart = trouver_liberation(acteur, liberation_id)
    comptes = Comptes.d_une_liberation(depart, le)
    with transaction.atomic():
        verrouiller_les_comptes(comptes)
        liberation = verrouiller_liberations(acteur, [liberation_id])[liberation_id]
        en_cours = liberation.orientations.select_for_update(of=("self",)).filter(issue=Issue.EN_COURS).first()
        _verifier_la_requalification(liberation, changements, en_cours, motif)
        avant = {champ: getattr(liberation, champ) for champ in changements}
        for champ, valeur in changements.items():
            setattr(liberation, champ, valeur)
        liberation.save(update_fields=list(changements))
        if en_cours is not None and (liberation.exclusion or liberation.retrait):
            _retirer_l_orientation(acteur, en_cours, motif, "retirer_l_orientation")
            en_cours.inscriptions.filter(decision="").delete()
            if en_cours.date_mise_a_disposition is not None:
                annoncer_la_reprise(acteur, en_cours)
        journaliser(
            acteur=acteur,
            action=action,
            objet=liberation,
            organisme_id=liberation.bailleur_id,
            avant=avant,
            apres=dict(changements),
            motif=motif.strip(),
        )
        reviser_le_lot_de(acteur=acteur, liberation=depart, le=le, cause=f"{liberation.numero} requalifiée")
    return liberation


_CODES: Mapping[str, type[Code]] = {"exclusion": Exclusion, "retrait": Retrait}


def _verifier_la_requalification(
    liberation: Liberation, changements: Mapping[str, Any], en_cours: Orientation | None, motif: str
) -> None:
    """Lève `ErreurMetier` : code inconnu, bail signé, logement notifié, motif manquant."""
    for champ, valeur in changements.items():
        choix = _CODES.get(champ)
        if choix is not None and valeur and valeur not in set(choix):
            raise ErreurMetier("code_inconnu", f"« {valeur} » n'est pas un motif connu.", champ=champ)
    if changements.get("retrait") and liberation.date_bail is not None:
        raise ErreurMetier(
            "bail_signe",
            "Un bail est signé : cette libération ne se retire plus. S'il n'a pas eu lieu, annulez d'abord le bail, avec un motif.",
            regle="RG-40",
        )
    change = (
        liberation.exclusion
        or liberation.retrait
        or liberation.orientations.exists()
        or "date_disponibilite" in changements
    )
    if change:
        exiger_un_motif(motif, "Dites pourquoi : le motif est gardé avec le changement.")
    if changements.get("exclusion") and en_cours is not None and _a_une_offre_ouverte(en_cours):
        raise ErreurMetier(
            "offre_en_cours",
            "Une offre est notifiée ou acceptée pour ce logement : saisissez d'abord la réponse (refus, désistement), puis requalifiez.",
            regle="RG-44",
        )


def _a_une_offre_ouverte(orientation: Orientation) -> bool:
    """Vrai si un ménage a reçu l'offre sans y répondre, ou l'a acceptée."""
    return orientation.candidats.filter(date_notification__isnull=False, reponse__in=["", Reponse.ACCEPTE]).exists()
