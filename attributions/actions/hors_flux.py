"""Les chemins à part : une libération du stock maintenu rendue à son titulaire, un bail signé hors du flux (RG-22, RG-31, RG-53)."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from attributions.actions.orienter import trouver_liberation
from attributions.chargement.voie import lire_la_voie
from attributions.domaine.codes import Issue
from attributions.domaine.parcours import verifier_apres
from attributions.models import Liberation, Orientation
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import Conflit, ErreurMetier
from flux_reservations.droit.assiette import Qualification
from flux_reservations.socle.journal import journaliser

DROIT_DE_SUITE = "Droit de suite : ce logement du stock maintenu revient à son titulaire"


def remettre_au_titulaire(*, acteur: Acteur, liberation_id: int, le: date) -> Orientation:
    """Ouvre le chemin d'une libération du stock maintenu : elle revient à son titulaire, hors du flux et sans décompte (RG-53).

    Ensuite le parcours est le même : mise à disposition, candidats, CALEOL, bail. Lève `ErreurMetier` si le logement n'est pas du
    stock maintenu, `Conflit` s'il est déjà remis.
    """
    with transaction.atomic():
        liberation = _verrouiller(acteur, liberation_id)
        voie = lire_la_voie(liberation)
        if voie.qualification is not Qualification.STOCK_MAINTENU or voie.titulaire is None:
            raise ErreurMetier(
                "hors_du_stock",
                "Ce logement n'est pas du stock maintenu à sa date de disponibilité : orientez-le depuis « À orienter ».",
                regle="RG-53",
            )
        suite = liberation.orientations.aggregate(rang=Max("rang"))["rang"] or 0
        orientation = Orientation.objects.create(
            liberation=liberation,
            rang=suite + 1,
            reservataire=voie.titulaire,
            date_orientation=le,
            motif=DROIT_DE_SUITE,
            decidee_par_id=acteur.utilisateur_id,
            decidee_le=timezone.now(),
        )
        journaliser(
            acteur=acteur,
            action="remettre_au_titulaire",
            objet=orientation,
            organisme_id=liberation.bailleur_id,
            apres={"compte": orientation.compte, "date_orientation": le},
        )
    return orientation


def signer_bail_hors_flux(*, acteur: Acteur, liberation_id: int, le: date) -> Liberation:
    """Date le bail d'une libération hors du flux, sans orientation : relogement, mutation, hors champ, programme neuf (RG-31).

    Lève `ErreurMetier` si la libération est du flux ou du stock maintenu : leur bail suit une orientation.
    """
    with transaction.atomic():
        liberation = _verrouiller(acteur, liberation_id)
        voie = lire_la_voie(liberation)
        if voie.est_du_flux or voie.qualification is Qualification.STOCK_MAINTENU:
            raise ErreurMetier(
                "sans_orientation",
                "Ce logement n'a pas d'orientation : sans elle, son bail ne serait décompté à personne. Orientez-le (ou excluez-le du "
                "flux, avec un motif), puis signez.",
                regle="RG-46",
            )
        verifier_apres("date_bail", le, liberation.date_conge, "le congé")
        liberation.date_bail = le
        liberation.save(update_fields=["date_bail"])
        journaliser(
            acteur=acteur,
            action="signer_bail",
            objet=liberation,
            organisme_id=liberation.bailleur_id,
            apres={"date_bail": le, "voie": voie.qualification.value},
        )
    return liberation


def _verrouiller(acteur: Acteur, liberation_id: int) -> Liberation:
    """La libération verrouillée, ni retirée, ni louée, ni déjà confiée à quelqu'un."""
    trouver_liberation(acteur, liberation_id)
    liberation = (
        Liberation.objects.modifiables_par(acteur)
        .select_for_update(of=("self",))
        .select_related("logement__commune")
        .get(pk=liberation_id)
    )
    if liberation.retrait:
        raise ErreurMetier(
            "liberation_retiree", "Cette libération est retirée : rétablissez-la d'abord, avec un motif."
        )
    if liberation.date_bail is not None:
        raise ErreurMetier(
            "bail_signe", f"Le bail est signé depuis le {liberation.date_bail:%d/%m/%Y} : corrigez-le, avec un motif."
        )
    active = (
        liberation.orientations.filter(issue__in=[Issue.EN_COURS, Issue.BAIL]).select_related("reservataire").first()
    )
    if active is not None:
        raise Conflit(
            f"Ce logement est déjà confié à {active.nom_du_compte} : suivez cette orientation depuis sa fiche."
        )
    return liberation
