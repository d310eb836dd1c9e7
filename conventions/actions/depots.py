"""Déposer la convention d'un bailleur absent de la plateforme : l'État complète la vue de son département (RG-17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction

from conventions.actions.pieces import Fichier, deposer_pdf
from conventions.models import Bailleur, ConventionDeposee, Reservataire
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser


@dataclass(frozen=True, slots=True)
class ConventionPapier:
    """Une convention telle qu'elle est arrivée à la préfecture."""

    bailleur_nom: str
    bailleur_siren: str
    reservataire: Reservataire
    numero: str
    taux: Decimal
    gestion: str
    date_signature: date
    date_effet: date
    date_fin: date | None
    fichier: Fichier


def deposer_convention(*, acteur: Acteur, saisie: ConventionPapier) -> ConventionDeposee:
    """Dépose une convention et sa pièce, au nom de l'État du département.

    Lève `ErreurMetier` si le bailleur est sur la plateforme (il transmet lui-même), si elle est déjà déposée ou mal datée.
    """
    if acteur.nature is not Nature.ETAT or not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse
    departement = acteur.territoire.partition(":")[2]
    if not acteur.territoire.startswith("departement:"):
        raise AccesRefuse("Votre organisme n'a pas de département.")
    if saisie.date_fin is not None and saisie.date_fin < saisie.date_effet:
        raise ErreurMetier("dates_inversees", "Le terme ne précède pas la date d'effet.", champ="date_fin")
    connu = Bailleur.objects.filter(siren=saisie.bailleur_siren).first()
    if connu is not None:
        raise ErreurMetier(
            "bailleur_present",
            f"{connu.nom} est sur la plateforme : demandez-lui de vous transmettre sa convention.",
            regle="RG-17",
            champ="bailleur_siren",
        )
    try:
        with transaction.atomic():
            piece = deposer_pdf(
                acteur=acteur, organisme_id=acteur.organisme, genre="convention_deposee", fichier=saisie.fichier
            )
            deposee = ConventionDeposee.objects.create(
                deposee_par_organisme_id=acteur.organisme,
                departement_id=departement,
                bailleur_nom=saisie.bailleur_nom.strip(),
                bailleur_siren=saisie.bailleur_siren,
                reservataire=saisie.reservataire,
                numero=saisie.numero.strip(),
                taux=saisie.taux,
                gestion=saisie.gestion,
                date_signature=saisie.date_signature,
                date_effet=saisie.date_effet,
                date_fin=saisie.date_fin,
                piece=piece,
                deposee_par_id=acteur.utilisateur_id,
            )
            journaliser(
                acteur=acteur,
                action="deposer_convention",
                objet=deposee,
                organisme_id=acteur.organisme_id,
                apres={"siren": saisie.bailleur_siren, "piece": piece.contenu_id},
            )
    except IntegrityError as erreur:
        raise ErreurMetier(
            "deja_deposee", "Une convention de ce bailleur est déjà déposée sous ce numéro.", champ="numero"
        ) from erreur
    return deposee


def retirer_convention_deposee(*, acteur: Acteur, deposee_id: int, motif: str) -> None:
    """Retire une convention déposée par erreur ; la pièce et la trace restent."""
    if not motif.strip():
        raise ErreurMetier("motif_obligatoire", "Dites pourquoi vous la retirez.", champ="motif")
    with transaction.atomic():
        deposee = ConventionDeposee.objects.modifiables_par(acteur).select_for_update().filter(pk=deposee_id).first()
        if deposee is None:
            if ConventionDeposee.objects.visibles_par(acteur).filter(pk=deposee_id).exists():
                raise AccesRefuse
            raise Introuvable
        journaliser(
            acteur=acteur,
            action="retirer_convention_deposee",
            objet=deposee,
            organisme_id=acteur.organisme_id,
            avant={"numero": deposee.numero, "siren": deposee.bailleur_siren, "piece": deposee.piece_id},
            motif=motif,
        )
        deposee.delete()
