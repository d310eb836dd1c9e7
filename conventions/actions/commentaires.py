"""Commenter la version proposée, répondre : un fil daté, entre les parties (RG-16)."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from conventions.domaine.codes import EtatConvention
from conventions.models import Commentaire, Convention
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
from flux_reservations.notifications.messages_conventions import MessageCommentaire
from flux_reservations.socle.journal import journaliser


def est_partie(acteur: Acteur, convention: Convention) -> bool:
    """Vrai pour le bailleur, le réservataire et son délégataire : ceux qui commentent."""
    return acteur.organisme_id is not None and acteur.organisme_id in {
        convention.bailleur_id,
        convention.reservataire_id,
        convention.delegataire_id,
    }


def commenter(*, acteur: Acteur, convention_id: int, texte: str) -> Commentaire:
    """Ajoute un commentaire à la version proposée et en avise l'autre partie ; il ne se retire pas.

    Lève `ErreurMetier` si la convention n'est pas proposée, ou si le texte est vide.
    """
    with transaction.atomic():
        convention = (
            Convention.objects.visibles_par(acteur).select_for_update(of=("self",)).filter(pk=convention_id).first()
        )
        if convention is None:
            raise Introuvable
        if not est_partie(acteur, convention) or not acteur.peut(Role.GESTIONNAIRE):
            raise AccesRefuse
        if convention.etat != EtatConvention.PROPOSEE:
            raise ErreurMetier(
                "convention_non_proposee", "Une convention se commente tant qu'elle est proposée.", regle="RG-16"
            )
        if not texte.strip():
            raise ErreurMetier("texte_obligatoire", "Écrivez votre commentaire.", champ="texte")
        commentaire = Commentaire.objects.create(
            convention=convention,
            rang=max(convention.versions_proposees.count(), 1),
            organisme_id=acteur.organisme,
            texte=texte.strip(),
            ecrit_par_id=acteur.utilisateur_id,
        )
        _aviser(acteur, convention)
        journaliser(
            acteur=acteur,
            action="commenter_convention",
            objet=convention,
            organisme_id=convention.bailleur_id,
            apres={"version": commentaire.rang, "commentaire": commentaire.pk},
        )
    return commentaire


def _aviser(acteur: Acteur, convention: Convention) -> None:
    auteur = Organisme.objects.get(pk=acteur.organisme)
    autre = convention.reservataire if auteur.pk == convention.bailleur_id else convention.bailleur
    deposer_lot(
        acteur=acteur,
        emetteur=auteur,
        message=MessageCommentaire(auteur.nom, convention.numero),
        destinataires=[Destinataire(autre.nom, autre.pk, autre.courriel)],
        objet=Objet(convention, convention.departement_id, page=reverse("convention", args=[convention.pk])),
    )
