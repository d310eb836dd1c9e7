"""Mettre en demeure, et dater la suite : régularisation, résiliation, arrêté (RG-20)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from conventions.actions.cycle import resilier_la_chaine
from conventions.actions.pieces import Fichier, deposer_pdf
from conventions.domaine.codes import SuiteManquement
from conventions.domaine.manquement import verifier_suite
from conventions.models import Bailleur, Convention, Manquement, Reservataire
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.droit.delais import resiliation_possible_le
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
from flux_reservations.notifications.messages import Message
from flux_reservations.notifications.messages_conventions import MessageMiseEnDemeure, MessageSuiteDUneMiseEnDemeure
from flux_reservations.pieces.models import Piece
from flux_reservations.socle import rls
from flux_reservations.socle.journal import journaliser
from flux_reservations.territoires.models import Departement


@dataclass(frozen=True, slots=True)
class Grief:
    """Ce qui est reproché : une convention mal tenue, ou l'absence de convention (avec ce réservataire, ou en général)."""

    bailleur: Bailleur
    motif: str
    le: date
    reference: str = ""
    reservataire: Reservataire | None = None
    convention: Convention | None = None
    fichier: Fichier | None = None


def mettre_en_demeure(*, acteur: Acteur, departement_id: str, grief: Grief) -> Manquement:
    """Enregistre une mise en demeure : le préfet de son département, ou le bailleur qui l'a reçue hors de la plateforme."""
    prefet = _prefet(acteur, departement_id)
    if grief.le > timezone.localdate():
        raise ErreurMetier(
            "date_future", "Une mise en demeure faite n'a pas une date à venir.", regle="RG-20", champ="le"
        )
    if not grief.motif.strip():
        raise ErreurMetier("motif_obligatoire", "Dites ce qui est reproché.", regle="RG-20", champ="motif")
    convention = grief.convention
    if convention is not None and (
        convention.bailleur_id != grief.bailleur.pk or convention.departement_id != departement_id
    ):
        raise Introuvable("Cette convention n'est pas de ce bailleur dans ce département.")
    with transaction.atomic():
        manquement = Manquement.objects.create(
            prefet=prefet,
            saisi_par_organisme_id=acteur.organisme_id or prefet.pk,
            bailleur=grief.bailleur,
            departement_id=departement_id,
            reservataire_id=convention.reservataire_id if convention else getattr(grief.reservataire, "pk", None),
            convention=convention,
            mise_en_demeure_le=grief.le,
            motif=grief.motif.strip(),
            reference=grief.reference.strip(),
            piece=_deposer(acteur, grief.fichier),
        )
        _journaliser(acteur, manquement, "mettre_en_demeure", {"le": grief.le, "motif": grief.motif})
        departement = Departement.objects.get(pk=departement_id)
        _aviser(
            acteur,
            manquement,
            MessageMiseEnDemeure(
                prefet.nom, departement.nom, resiliation_possible_le(grief.le) if convention is not None else None
            ),
            manquement.piece,
        )
    return manquement


def donner_suite(
    *,
    acteur: Acteur,
    manquement_id: int,
    suite: str,
    le: date,
    motif: str,
    reference: str = "",
    fichier: Fichier | None = None,
) -> Manquement:
    """Date la suite d'une mise en demeure. Une résiliation met fin à la convention ce jour-là ; elle exige les deux mois passés.

    Résilier ou fixer les droits par arrêté est l'acte du préfet qui a mis en demeure, par un responsable ; le bailleur ne fait que
    constater la régularisation de celles qu'il a enregistrées. Lève `ErreurMetier` si la suite n'est pas recevable, ou déjà donnée.
    """
    with transaction.atomic():
        manquement = _verrouiller(acteur, manquement_id)
        if suite != SuiteManquement.REGULARISE and not peut_decider(acteur, manquement):
            raise AccesRefuse("Résilier ou fixer les droits par arrêté est l'acte d'un responsable de la préfecture.")
        if manquement.suite:
            raise ErreurMetier("suite_deja_donnee", "Une suite est déjà donnée à cette mise en demeure.", regle="RG-20")
        verifier_suite(
            mise_en_demeure_le=manquement.mise_en_demeure_le,
            suite=suite,
            le=le,
            sur_une_convention=manquement.convention_id is not None,
        )
        if not motif.strip():
            raise ErreurMetier("motif_obligatoire", "Dites pourquoi.", regle="RG-20", champ="motif")
        manquement.suite, manquement.suite_le, manquement.suite_motif = suite, le, motif.strip()
        manquement.suite_reference, manquement.suite_piece = reference.strip(), _deposer(acteur, fichier)
        manquement.save(update_fields=["suite", "suite_le", "suite_motif", "suite_reference", "suite_piece"])
        if suite == SuiteManquement.RESILIATION and manquement.convention_id is not None:
            _resilier(acteur, manquement, manquement.convention_id, le)
        _journaliser(acteur, manquement, "donner_suite", {"suite": suite, "le": le}, motif)
        _aviser(
            acteur,
            manquement,
            MessageSuiteDUneMiseEnDemeure(
                manquement.prefet.nom, manquement.departement.nom, SuiteManquement(suite).libelle
            ),
            manquement.suite_piece,
        )
    return manquement


def peut_decider(acteur: Acteur, manquement: Manquement) -> bool:
    """Vrai pour un responsable de l'État qui a mis en demeure : lui seul résilie, ou fixe les droits."""
    if acteur.est_systeme:
        return True
    return (
        acteur.nature is Nature.ETAT
        and acteur.peut(Role.RESPONSABLE)
        and acteur.organisme_id == manquement.prefet_id
        and manquement.saisi_par_organisme_id == manquement.prefet_id
    )


def _resilier(acteur: Acteur, manquement: Manquement, convention_id: int, le: date) -> None:
    """La résiliation du préfet s'impose à la convention, dont l'État n'est pas partie : elle s'écrit en système."""
    with rls.en_systeme():
        convention = Convention.objects.select_for_update().get(pk=convention_id)
        resilier_la_chaine(acteur, convention, le, f"Résiliée par le préfet (RG-20) : {manquement.suite_motif}")


def _prefet(acteur: Acteur, departement_id: str) -> Organisme:
    """L'État du département : celui qui agit, ou celui dont le bailleur a reçu la mise en demeure."""
    if not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse
    lieu = f"departement:{departement_id}"
    if acteur.nature is Nature.ETAT and acteur.territoire == lieu:
        return Organisme.objects.get(pk=acteur.organisme)
    if acteur.est_bailleur or acteur.est_systeme:
        prefet = Organisme.objects.filter(nature=Nature.ETAT.value, territoire_id=lieu).order_by("pk").first()
        if prefet is None:
            raise ErreurMetier("prefet_inconnu", "L'État de ce département n'est pas sur la plateforme.", regle="RG-20")
        return prefet
    raise AccesRefuse


def _aviser(acteur: Acteur, manquement: Manquement, message: Message, piece: Piece | None) -> None:
    """Le préfet, le bailleur et le réservataire apprennent ce qu'un autre a écrit, quel que soit l'auteur."""
    auteur = acteur.organisme_id or manquement.prefet_id
    parties = [un for un in (manquement.prefet, manquement.bailleur, manquement.reservataire) if un and un.pk != auteur]
    deposer_lot(
        acteur=acteur,
        emetteur=Organisme.objects.get(pk=auteur),
        message=message,
        destinataires=[Destinataire(un.nom, un.pk, un.courriel) for un in parties],
        objet=Objet(manquement, manquement.departement_id, page=reverse("manquement", args=[manquement.pk])),
        piece=piece,
    )


def _deposer(acteur: Acteur, fichier: Fichier | None) -> Piece | None:
    if fichier is None:
        return None
    return deposer_pdf(acteur=acteur, organisme_id=acteur.organisme, genre="mise_en_demeure", fichier=fichier)


def _verrouiller(acteur: Acteur, manquement_id: int) -> Manquement:
    manquement = (
        Manquement.objects.modifiables_par(acteur)
        .select_for_update(of=("self",))
        .select_related("prefet", "bailleur", "departement", "reservataire")
        .filter(pk=manquement_id)
        .first()
    )
    if manquement is None:
        if Manquement.objects.visibles_par(acteur).filter(pk=manquement_id).exists():
            raise AccesRefuse
        raise Introuvable
    return manquement


def _journaliser(
    acteur: Acteur, manquement: Manquement, action: str, apres: dict[str, object], motif: str = ""
) -> None:
    journaliser(
        acteur=acteur, action=action, objet=manquement, organisme_id=manquement.bailleur_id, apres=apres, motif=motif
    )
