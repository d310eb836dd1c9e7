"""La concertation d'un programme neuf : ouvrir et inviter, proposer, arrêter la répartition, constater l'entrée dans le flux (RG-22)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from conventions.actions.pieces import Fichier, deposer_pdf
from conventions.domaine.codes import EtatConcertation, SousContingent
from conventions.domaine.concertation import verifier_repartition, verifier_transition
from conventions.models import Bailleur, Concertation, PartConcertation, Reservataire
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.arrondis import accorder
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
from flux_reservations.notifications.messages import Message
from flux_reservations.notifications.messages_conventions import MessageConcertation, MessageRepartitionArretee
from flux_reservations.pieces.models import Piece
from flux_reservations.socle.journal import journaliser
from flux_reservations.territoires.models import Commune


@dataclass(frozen=True, slots=True)
class Programme:
    """Le programme neuf sur lequel on se concerte."""

    nom: str
    commune: Commune
    logements: int
    livraison_le: date
    reponse_avant_le: date
    reunion_le: date | None = None


def ouvrir_concertation(
    *, acteur: Acteur, bailleur_id: int, programme: Programme, invites: Iterable[Reservataire]
) -> Concertation:
    """Ouvre la concertation et invite, au même instant, tous les réservataires choisis ; l'État l'est par ses deux comptes."""
    invites = list(invites)
    if not invites:
        raise ErreurMetier("sans_invite", "Invitez au moins un réservataire.", regle="RG-22", champ="invites")
    if programme.reponse_avant_le > programme.livraison_le:
        raise ErreurMetier(
            "dates_inversees",
            "Les propositions sont attendues avant la première mise en location.",
            champ="reponse_avant_le",
        )
    bailleur = _verrouiller_bailleur(acteur, bailleur_id)
    try:
        with transaction.atomic():
            concertation = Concertation.objects.create(
                bailleur=bailleur,
                departement_id=programme.commune.departement_id,
                commune=programme.commune,
                programme=programme.nom.strip(),
                logements=programme.logements,
                livraison_le=programme.livraison_le,
                reunion_le=programme.reunion_le,
                reponse_avant_le=programme.reponse_avant_le,
                ouverte_le=timezone.localdate(),
            )
            PartConcertation.objects.bulk_create(
                [
                    PartConcertation(concertation=concertation, reservataire=invite, sous_contingent=sous_contingent)
                    for invite in invites
                    for sous_contingent in _comptes_de(invite)
                ]
                + [PartConcertation(concertation=concertation)]
            )
            _envoyer(
                acteur,
                concertation,
                MessageConcertation(bailleur.nom, concertation.programme, programme.reponse_avant_le),
                invites,
            )
            _journaliser(acteur, concertation, "ouvrir_concertation", {"invites": len(invites)})
    except IntegrityError as erreur:
        raise ErreurMetier(
            "concertation_existante", "Ce programme a déjà sa concertation.", regle="RG-22", champ="programme"
        ) from erreur
    return concertation


def _comptes_de(invite: Reservataire) -> tuple[str, ...]:
    if invite.est_etat:
        return (SousContingent.PRIORITAIRES.value, SousContingent.AGENTS.value)
    return ("",)


def proposer_une_part(*, acteur: Acteur, part_id: int, demandes: int, souhait: str) -> PartConcertation:
    """L'invité dit ce qu'il demande ; il peut se reprendre tant que la répartition n'est pas arrêtée."""
    with transaction.atomic():
        part = (
            PartConcertation.objects.modifiables_par(acteur)
            .filter(pk=part_id, reservataire_id=acteur.organisme)
            .select_for_update(of=("self",))
            .select_related("concertation")
            .first()
        )
        if part is None:
            if PartConcertation.objects.visibles_par(acteur).filter(pk=part_id).exists():
                raise AccesRefuse
            raise Introuvable
        concertation = part.concertation
        if concertation.etat != EtatConcertation.OUVERTE:
            raise ErreurMetier("repartition_arretee", "La répartition de ce programme est arrêtée.", regle="RG-22")
        if demandes > concertation.logements:
            raise ErreurMetier(
                "demande_trop_grande",
                f"Le programme compte {accorder(concertation.logements, 'logement')}.",
                champ="demandes",
            )
        part.demandes, part.souhait = demandes, souhait.strip()
        part.repondue_le, part.repondue_par_id = timezone.now(), acteur.utilisateur_id
        part.save(update_fields=["demandes", "souhait", "repondue_le", "repondue_par"])
        _journaliser(acteur, concertation, "proposer_une_part", {"part": part.pk, "demandes": demandes})
    return part


def arreter_la_repartition(
    *,
    acteur: Acteur,
    concertation_id: int,
    parts: Mapping[int, int],
    compte_rendu: str,
    fichier: Fichier | None = None,
) -> Concertation:
    """Arrête la répartition, dont la somme est celle des logements du programme, et envoie le compte rendu à tous les invités."""
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    with transaction.atomic():
        concertation = _verrouiller(acteur, concertation_id)
        verifier_transition(concertation.etat, EtatConcertation.ARRETEE)
        lignes = list(concertation.parts.select_for_update(of=("self",)))
        verifier_repartition({ligne.pk for ligne in lignes}, parts, concertation.logements)
        if not compte_rendu.strip():
            raise ErreurMetier(
                "compte_rendu_absent",
                "Écrivez le compte rendu de la concertation.",
                regle="RG-22",
                champ="compte_rendu",
            )
        for ligne in lignes:
            ligne.arretes = parts[ligne.pk]
        PartConcertation.objects.bulk_update(lignes, ["arretes"])
        concertation.piece = _deposer(acteur, concertation, fichier)
        concertation.etat, concertation.arretee_le = EtatConcertation.ARRETEE, timezone.localdate()
        concertation.compte_rendu = compte_rendu.strip()
        concertation.save(update_fields=["etat", "arretee_le", "compte_rendu", "piece"])
        invites = Reservataire.objects.filter(pk__in=[un.reservataire_id for un in lignes if un.reservataire_id])
        _envoyer(
            acteur,
            concertation,
            MessageRepartitionArretee(concertation.bailleur.nom, concertation.programme),
            list(invites),
            concertation.piece,
        )
        _journaliser(
            acteur, concertation, "arreter_la_repartition", {"parts": {str(pk): nombre for pk, nombre in parts.items()}}
        )
    return concertation


def constater_l_entree_dans_le_flux(*, acteur: Acteur, concertation_id: int, le: date) -> Concertation:
    """Les premières mises en location sont faites : les logements entrent dans le flux à cette date (RG-22)."""
    with transaction.atomic():
        concertation = _verrouiller(acteur, concertation_id)
        verifier_transition(concertation.etat, EtatConcertation.DANS_LE_FLUX)
        if concertation.arretee_le is not None and le < concertation.arretee_le:
            raise ErreurMetier(
                "dates_inversees", "Les logements n'entrent pas dans le flux avant la répartition arrêtée.", champ="le"
            )
        if le > timezone.localdate():
            raise ErreurMetier(
                "date_future", "L'entrée dans le flux se constate : sa date n'est pas à venir.", champ="le"
            )
        concertation.etat, concertation.dans_le_flux_le = EtatConcertation.DANS_LE_FLUX, le
        concertation.save(update_fields=["etat", "dans_le_flux_le"])
        _journaliser(acteur, concertation, "constater_l_entree_dans_le_flux", {"le": le})
    return concertation


def _deposer(acteur: Acteur, concertation: Concertation, fichier: Fichier | None) -> Piece | None:
    if fichier is None:
        return None
    return deposer_pdf(acteur=acteur, organisme_id=concertation.bailleur_id, genre="concertation", fichier=fichier)


def _envoyer(
    acteur: Acteur,
    concertation: Concertation,
    message: Message,
    invites: Iterable[Reservataire],
    piece: Piece | None = None,
) -> None:
    deposer_lot(
        acteur=acteur,
        emetteur=concertation.bailleur,
        message=message,
        destinataires=[Destinataire(un.nom, un.pk, un.courriel) for un in invites],
        objet=Objet(concertation, concertation.departement_id, page=reverse("concertation", args=[concertation.pk])),
        piece=piece,
    )


def _verrouiller_bailleur(acteur: Acteur, bailleur_id: int) -> Bailleur:
    bailleur = Bailleur.objects.modifiables_par(acteur).filter(pk=bailleur_id).first()
    if bailleur is None:
        raise AccesRefuse
    return bailleur


def _verrouiller(acteur: Acteur, concertation_id: int) -> Concertation:
    concertation = (
        Concertation.objects.modifiables_par(acteur)
        .select_for_update(of=("self",))
        .select_related("bailleur")
        .filter(pk=concertation_id)
        .first()
    )
    if concertation is None:
        if Concertation.objects.visibles_par(acteur).filter(pk=concertation_id).exists():
            raise AccesRefuse
        raise Introuvable
    return concertation


def _journaliser(acteur: Acteur, concertation: Concertation, action: str, apres: dict[str, object]) -> None:
    journaliser(
        acteur=acteur,
        action=action,
        objet=concertation,
        organisme_id=concertation.bailleur_id,
        apres={"etat": concertation.etat, **apres},
    )
