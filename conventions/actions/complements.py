"""Ajouter une pièce au dossier d'une convention signée, ou retirer celle qu'on a déposée par erreur (RG-12, RG-16)."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import transaction
from django.db.models import Max

from conventions.actions.brouillons import verrouiller_convention
from conventions.actions.pieces import Fichier, deposer_pdf
from conventions.actions.transmission import est_transmise
from conventions.domaine.codes import EtatConvention, NaturePiece
from conventions.models import Complement, Convention
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.socle.journal import journaliser

GENRE_COMPLEMENT: Final = "convention_complement"


def attend_son_exemplaire(convention: Convention) -> bool:
    """Vrai si l'exemplaire signé, ajouté maintenant, deviendrait la pièce signée : il n'y en a pas, et rien n'est encore parti (RG-17)."""
    return convention.piece_signee_id is None and not est_transmise(convention)


def ajouter_une_piece(*, acteur: Acteur, convention_id: int, nature: str, objet: str, fichier: Fichier) -> Complement:
    """Ajoute un PDF au dossier d'une convention signée : tous ses lecteurs le lisent, rien n'est remplacé (RG-16).

    Réservé au responsable. L'exemplaire signé d'une convention signée sans pièce, et pas encore transmise, devient sa pièce signée :
    c'est lui qui partira (RG-17). Lève `ErreurMetier` si elle n'est pas signée ou si ce n'est pas un PDF entier, `Conflit` si le document y
    est déjà.
    """
    if not acteur.peut(Role.RESPONSABLE):
        raise AccesRefuse
    with transaction.atomic():
        convention = verrouiller_convention(acteur, convention_id)
        if convention.etat != EtatConvention.SIGNEE:
            raise ErreurMetier(
                "convention_non_signee",
                "Cette convention n'est pas signée : sa pièce se dépose en la signant.",
                regle="RG-16",
            )
        piece = deposer_pdf(acteur=acteur, organisme_id=convention.bailleur_id, genre=GENRE_COMPLEMENT, fichier=fichier)
        au_dossier = set(
            convention.complements.filter(retiree_le__isnull=True).values_list("piece__contenu", flat=True)
        )
        if convention.piece_signee is not None:
            au_dossier.add(convention.piece_signee.contenu_id)
        if piece.contenu_id in au_dossier:
            raise Conflit("Ce document est déjà au dossier de la convention : rien n'a été ajouté.", regle="RG-16")
        dernier_rang = convention.complements.aggregate(rang=Max("rang"))["rang"] or 0
        complement = Complement.objects.create(
            convention=convention,
            rang=dernier_rang + 1,
            nature=NaturePiece(nature).value,
            objet=" ".join(objet.split()),
            piece=piece,
            deposee_par_id=acteur.utilisateur_id,
        )
        devient_la_piece_signee = nature == NaturePiece.EXEMPLAIRE and attend_son_exemplaire(convention)
        if devient_la_piece_signee:
            convention.piece_signee = piece
            convention.save(update_fields=["piece_signee"])
        journaliser(
            acteur=acteur,
            action="ajouter_une_piece",
            objet=convention,
            organisme_id=convention.bailleur_id,
            apres={
                "rang": complement.rang,
                "nature": complement.nature,
                "objet": complement.objet,
                "piece": piece.contenu_id,
                "piece_signee": devient_la_piece_signee,
            },
        )
    return complement


def retirer_une_piece(*, acteur: Acteur, complement_id: int, motif: str, le: date) -> Complement:
    """Retire une pièce ajoutée par erreur : la ligne, sa date et le motif restent à tous, le document au bailleur (RG-16).

    Réservé au responsable. Lève `Conflit` si elle est déjà retirée ; `ErreurMetier` sans motif, ou si c'est la pièce signée, que personne
    ne retire : c'est elle qui prouve, et qui a pu être transmise.
    """
    if not motif.strip():
        raise ErreurMetier("motif_obligatoire", "Dites pourquoi cette pièce est retirée.", champ="motif")
    with transaction.atomic():
        visible = Complement.objects.visibles_par(acteur).filter(pk=complement_id).first()
        if visible is None:
            raise Introuvable
        convention = verrouiller_convention(acteur, visible.convention_id)
        complement = (
            Complement.objects.modifiables_par(acteur).filter(pk=complement_id).select_for_update(of=("self",)).first()
        )
        if complement is None:
            raise AccesRefuse
        if complement.retiree_le is not None:
            raise Conflit("Cette pièce est déjà retirée.", regle="RG-16")
        if complement.piece_id == convention.piece_signee_id:
            raise ErreurMetier(
                "piece_signee", "C'est la pièce signée de la convention : elle ne se retire pas.", regle="RG-16"
            )
        complement.retiree_le, complement.motif_retrait = le, motif.strip()
        complement.retiree_par_id = acteur.utilisateur_id
        complement.save(update_fields=["retiree_le", "motif_retrait", "retiree_par"])
        journaliser(
            acteur=acteur,
            action="retirer_une_piece",
            objet=convention,
            organisme_id=convention.bailleur_id,
            avant={"rang": complement.rang, "nature": complement.nature, "piece": complement.piece.contenu_id},
            apres={"retiree_le": le},
            motif=motif.strip(),
        )
    return complement
