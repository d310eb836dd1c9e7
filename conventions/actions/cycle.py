"""Proposer, reprendre, signer, résilier une convention (RG-14, RG-16, RG-18)."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from conventions.actions.brouillons import verrouiller_convention
from conventions.actions.pieces import Fichier, deposer_pdf
from conventions.chargement import charger_conventions
from conventions.chargement_brouillon import HORIZON_SANS_TERME, convertit_du_stock, lire_information_prealable
from conventions.chargement_texte import empreinte_de, gabarit_courant
from conventions.documents import convention_pdf
from conventions.domaine.codes import EtatConvention
from conventions.domaine.controles import Niveau
from conventions.domaine.cycle_de_vie import verifier_transition
from conventions.domaine.plafonds import controler_plafonds
from conventions.models import Bailleur, Convention, VersionProposee
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
from flux_reservations.notifications.messages_conventions import MessageConventionARelire
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.journal import journaliser
from flux_reservations.socle.relecture import exiger_la_version_lue


def proposer(*, acteur: Acteur, convention_id: int, le: date, empreinte_lue: str | None = None) -> Convention:
    """Soumet un brouillon au réservataire, qui peut dès lors le lire et le commenter.

    Le texte de la version est figé en PDF et déposé chez lui : on saura toujours ce qu'il a lu. Le gabarit est celui du jour.
    Lève `Conflit` si `empreinte_lue`, celle du brouillon relu, n'est plus la sienne.
    """
    with transaction.atomic():
        convention = verrouiller_convention(acteur, convention_id)
        verifier_transition(convention.etat, EtatConvention.PROPOSEE)
        exiger_la_version_lue(empreinte_lue, empreinte_de(convention), regle="RG-16")
        if not convention.droits.exists():
            raise ErreurMetier("sans_droit", "Ajoutez au moins une ligne de droit avant de proposer.", regle="RG-13")
        convention.gabarit = gabarit_courant(convention)
        convention.etat, convention.date_proposition = EtatConvention.PROPOSEE, le
        convention.save(update_fields=["etat", "date_proposition", "gabarit"])
        version = _figer_la_version(acteur, convention, le)
        reservataire = convention.reservataire
        deposer_lot(
            acteur=acteur,
            emetteur=convention.bailleur,
            message=MessageConventionARelire(convention.bailleur.nom, convention.numero, version.rang),
            destinataires=[Destinataire(reservataire.nom, reservataire.pk, reservataire.courriel)],
            objet=Objet(convention, convention.departement_id, page=reverse("convention", args=[convention.pk])),
            piece=version.piece,
        )
        _journaliser(acteur, convention, "proposer_convention", {"date_proposition": le, "version": version.rang})
    return convention


def _figer_la_version(acteur: Acteur, convention: Convention, le: date) -> VersionProposee:
    """Garde le PDF de la version proposée, sous son rang."""
    rang = convention.versions_proposees.count() + 1
    piece = deposer_pdf(
        acteur=acteur,
        organisme_id=convention.bailleur_id,
        genre="convention_proposee",
        fichier=Fichier(f"convention-{convention.numero}-version-{rang}.pdf", convention_pdf(convention)),
    )
    return VersionProposee.objects.create(
        convention=convention, rang=rang, proposee_le=le, proposee_par_id=acteur.utilisateur_id, piece=piece
    )


def reprendre(*, acteur: Acteur, convention_id: int, motif: str) -> Convention:
    """Reprend en brouillon une convention proposée, pour la modifier."""
    with transaction.atomic():
        convention = verrouiller_convention(acteur, convention_id)
        verifier_transition(convention.etat, EtatConvention.BROUILLON)
        convention.etat = EtatConvention.BROUILLON
        convention.save(update_fields=["etat"])
        _journaliser(acteur, convention, "reprendre_convention", {}, motif)
    return convention


def signer(
    *,
    acteur: Acteur,
    convention_id: int,
    signature_bailleur: date,
    signature_reservataire: date,
    effet: date | None = None,
    fichier: Fichier | None = None,
    empreinte_lue: str | None = None,
) -> Convention:
    """Enregistre les deux signatures : la version porte des droits à sa date d'effet (RG-16).

    Réservé au responsable. Refusée si un plafond de RG-14 serait dépassé à une date ou sur une commune, si une autre convention est
    en vigueur (RG-10), ou si l'information préalable manque, ou n'est pas complète, alors que la convention convertit du stock (RG-18).
    Lève `Conflit` si `empreinte_lue`, celle de la convention relue, n'est plus la sienne : on ne signe que ce qu'on a lu.
    """
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    with transaction.atomic():
        convention = verrouiller_convention(acteur, convention_id)
        # Deux signatures simultanées liraient chacune les plafonds sans l'autre : celles d'un bailleur se suivent.
        Bailleur.objects.modifiables_par(acteur).select_for_update(of=("self",)).get(pk=convention.bailleur_id)
        verifier_transition(convention.etat, EtatConvention.SIGNEE)
        exiger_la_version_lue(empreinte_lue, empreinte_de(convention), regle="RG-16")
        if not convention.droits.exists():
            raise ErreurMetier("sans_droit", "Ajoutez au moins une ligne de droit avant de signer.", regle="RG-13")
        signature = max(signature_bailleur, signature_reservataire)
        if signature > timezone.localdate():
            raise ErreurMetier(
                "date_future",
                "Une signature faite n'a pas une date à venir.",
                regle="RG-16",
                champ="signature_reservataire",
            )
        _exiger_information_prealable(convention, signature)
        # Signé sans avoir été proposé, un brouillon garde le texte qu'on vient de lire, celui du gabarit du jour.
        convention.gabarit = gabarit_courant(convention)
        convention.etat = EtatConvention.SIGNEE
        convention.date_signature_bailleur = signature_bailleur
        convention.date_signature_reservataire = signature_reservataire
        convention.date_signature = signature
        convention.date_effet = effet or convention.date_effet or signature
        piece = _deposer_la_piece(acteur, convention, fichier)
        convention.piece_signee = piece
        if convention.date_fin and convention.date_fin < convention.date_effet:
            raise ErreurMetier("dates_inversees", "Le terme ne précède pas la date d'effet.", champ="effet")
        if convention.avenant_de is not None:
            _remplacer(acteur, convention.avenant_de, convention.date_effet)
        try:
            with transaction.atomic():
                convention.save()
        except IntegrityError as erreur:
            raise ErreurMetier(
                "deja_en_vigueur",
                "Une autre convention de ce réservataire est en vigueur à ces dates : résiliez-la, ou faites un avenant.",
                regle="RG-10",
            ) from erreur
        _verifier_plafonds(convention)
        _journaliser(
            acteur,
            convention,
            "signer_convention",
            {
                "date_signature": signature,
                "date_effet": convention.date_effet,
                "piece": piece.contenu_id if piece else "",
            },
        )
    return convention


def resilier(*, acteur: Acteur, convention_id: int, le: date, motif: str) -> Convention:
    """Met fin à une convention signée ; `le` est son dernier jour en vigueur."""
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    if not motif.strip():
        raise ErreurMetier("motif_obligatoire", "Dites pourquoi la convention est résiliée.", champ="motif")
    with transaction.atomic():
        convention = verrouiller_convention(acteur, convention_id)
        resilier_la_chaine(acteur, convention, le, motif)
    return convention


def resilier_la_chaine(acteur: Acteur, convention: Convention, le: date, motif: str) -> None:
    """Met fin à la convention, avenants compris : un avenant est une version de la même convention (RG-16).

    La version qui court s'arrête à la fin de `le` ; celles qui devaient suivre ne prennent pas effet. Lève `ErreurMetier` si la version
    visée n'est pas signée, est déjà remplacée à cette date, ou n'a pas commencé.
    """
    if convention.etat != EtatConvention.SIGNEE or convention.date_effet is None:
        raise ErreurMetier(
            "convention_non_signee", "Seule une convention signée se résilie ; un brouillon se supprime.", regle="RG-16"
        )
    if le < convention.date_effet:
        raise ErreurMetier("dates_inversees", "La résiliation ne précède pas la date d'effet.", champ="le")
    if convention.remplacee_le is not None and convention.remplacee_le <= le:
        raise ErreurMetier(
            "version_remplacee",
            "Un avenant a remplacé cette version : résiliez celui qui court à cette date.",
            regle="RG-16",
        )
    suivantes = (
        Convention.objects.signees()
        .filter(Q(pk=convention.pk) | Q(origine_id=convention.compte_id, date_effet__gt=le))
        .filter(Q(date_resiliation__isnull=True) | Q(date_resiliation__gt=le))
        .select_for_update(of=("self",))
    )
    for version in suivantes:
        version.date_resiliation, version.motif_fin = le, motif
        version.save(update_fields=["date_resiliation", "motif_fin"])
        _journaliser(acteur, version, "resilier_convention", {"date_resiliation": le}, motif)
        if version.pk == convention.pk:
            convention.date_resiliation, convention.motif_fin = le, motif


def _exiger_information_prealable(convention: Convention, le: date) -> None:
    """Envoyée avant la signature, et complète : « l'envoi est complet ou repris jusqu'à l'être » (RG-18)."""
    if not convertit_du_stock(convention, le):
        return
    refus = lire_information_prealable(convention.bailleur_id, convention.departement_id, le).refus()
    if refus:
        raise ErreurMetier("information_prealable", refus, regle="RG-18")


def _verifier_plafonds(convention: Convention) -> None:
    """Relit toutes les conventions, celle-ci signée : un dépassement bloquant qui la concerne défait la signature (RG-14)."""
    assert convention.date_effet is not None  # noqa: S101 : posée à la signature
    versions = charger_conventions(convention.bailleur_id, convention.departement_id).conventions.versions
    fin = convention.date_fin or convention.date_effet + HORIZON_SANS_TERME
    for controle in controler_plafonds(versions, convention.date_effet, fin):
        if controle.niveau is Niveau.BLOQUANT and convention.pk in controle.conventions:
            raise ErreurMetier("plafond_depasse", f"Signature refusée. {controle.message}", regle=controle.regle)


def _deposer_la_piece(acteur: Acteur, convention: Convention, fichier: Fichier | None) -> Piece | None:
    """La convention signée, si elle est déposée : un refus du fichier défait la signature."""
    if fichier is None:
        return None
    return deposer_pdf(acteur=acteur, organisme_id=convention.bailleur_id, genre="convention_signee", fichier=fichier)


def _remplacer(acteur: Acteur, ancienne: Convention, le: date) -> None:
    if ancienne.date_effet is not None and le <= ancienne.date_effet:
        raise ErreurMetier(
            "avenant_trop_tot", "L'avenant prend effet après la version qu'il remplace.", regle="RG-16", champ="effet"
        )
    ancienne.remplacee_le = le
    ancienne.save(update_fields=["remplacee_le"])
    _journaliser(acteur, ancienne, "remplacer_convention", {"remplacee_le": le})


def _journaliser(
    acteur: Acteur, convention: Convention, action: str, apres: dict[str, object], motif: str = ""
) -> None:
    journaliser(
        acteur=acteur,
        action=action,
        objet=convention,
        organisme_id=convention.bailleur_id,
        apres={"etat": convention.etat, **apres},
        motif=motif,
    )
