"""Les pièces d'une convention signée : lire la pièce signée ; déposer, lire, retirer celles qui s'y ajoutent (RG-12, RG-16)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http.response import HttpResponseBase
from django.utils import timezone

from conventions.actions.complements import ajouter_une_piece, attend_son_exemplaire, retirer_une_piece
from conventions.forms import FormulaireComplement, FormulaireRetrait
from conventions.models import Complement, Convention
from conventions.views.elaboration import ActeConvention
from flux_reservations.acces.reserve import LECTEURS_DE_DROITS, ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.pieces.views import envoyer_piece
from flux_reservations.socle.presentation import ecrire_instant
from flux_reservations.socle.requete import Requete


class AjouterPiece(ActeConvention):
    """Ajouter une pièce après la signature."""

    role = Role.RESPONSABLE
    titre = "Ajouter une pièce"
    bouton = "Ajouter au dossier"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Avec le fichier."""
        return FormulaireComplement(donnees, self.request.FILES if donnees is not None else None)

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Les parties, et ce que le dossier a déjà."""
        signee = self.convention.piece_signee
        return [*super().recapitulatif(), ("Pièce signée", signee.nom if signee else "aucune")]

    def avertissement(self) -> str:
        """Qui la lira, et ce qu'elle ne fait pas."""
        exemplaire = (
            " L'exemplaire signé, lui, deviendra sa pièce signée : c'est lui qui sera transmis, et il ne se retirera plus."
            if attend_son_exemplaire(self.convention)
            else ""
        )
        return (
            "Tous ceux qui lisent cette convention liront cette pièce sur sa fiche ; elle ne leur est pas envoyée. Elle s'ajoute à la "
            "pièce signée sans la remplacer, et ne change ni les droits ni les modalités : pour cela, préparez un avenant. Elle ne "
            f"s'effacera pas : déposée par erreur, elle se retire, avec un motif que tous liront.{exemplaire}"
        )

    def executer(self, donnees: dict[str, Any]) -> str:
        """Dépose."""
        complement = ajouter_une_piece(
            acteur=self.request.acteur,
            convention_id=self.convention.pk,
            nature=donnees["nature"],
            objet=donnees["objet"],
            fichier=donnees["piece"],
        )
        return f"{complement} : ajoutée au dossier de la convention."


class ActeSurComplement(ActeConvention):
    """Un acte sur une pièce ajoutée."""

    role = Role.RESPONSABLE
    complement: Complement

    def preparer(self, **cles: Any) -> None:
        """La convention, puis sa pièce."""
        super().preparer(**cles)
        self.complement = _lire_la_piece(self.request, cles["pk"], cles["rang"])


class RetirerPiece(ActeSurComplement):
    """Retirer une pièce ajoutée par erreur."""

    titre = "Retirer cette pièce"
    bouton = "Retirer la pièce"
    formulaire = FormulaireRetrait
    ton = "danger"

    def recapitulatif(self) -> list[tuple[str, object]]:
        """La pièce."""
        return [
            ("Convention", self.convention.numero),
            ("Pièce", f"{self.complement}, {self.complement.objet}"),
            ("Fichier", self.complement.piece.nom),
            ("Déposée le", ecrire_instant(self.complement.deposee_le)),
        ]

    def avertissement(self) -> str:
        """Ce qui reste."""
        return (
            "Le document ne s'ouvrira plus que chez vous. La ligne reste sur la fiche, avec la date du retrait et votre motif, pour tous "
            "ceux qui lisent la convention."
        )

    def executer(self, donnees: dict[str, Any]) -> str:
        """Retire."""
        retirer_une_piece(
            acteur=self.request.acteur,
            complement_id=self.complement.pk,
            motif=donnees["motif"],
            le=timezone.localdate(),
        )
        return f"{self.complement} : retirée. La ligne et la trace restent."


class LirePieceSignee(ReserveeMixin):
    """La pièce signée, pour qui lit la convention : ses parties, et ceux à qui elle est transmise."""

    natures = frozenset({Nature.BAILLEUR}) | LECTEURS_DE_DROITS

    def get(self, request: Requete, pk: int) -> HttpResponseBase:
        """Envoie la pièce ; une convention sans pièce n'en a pas à montrer."""
        convention = (
            Convention.objects.visibles_par(request.acteur)
            .select_related("piece_signee__contenu")
            .filter(pk=pk)
            .first()
        )
        if convention is None or convention.piece_signee is None:
            raise Introuvable
        return envoyer_piece(convention.piece_signee, a_telecharger="telecharger" in request.GET)


class LirePiece(ReserveeMixin):
    """Le document d'une pièce ajoutée, pour qui lit la convention."""

    natures = frozenset({Nature.BAILLEUR}) | LECTEURS_DE_DROITS

    def get(self, request: Requete, pk: int, rang: int) -> HttpResponseBase:
        """Envoie la pièce ; retirée, elle ne s'ouvre que chez le bailleur."""
        complement = _lire_la_piece(request, pk, rang)
        return envoyer_piece(complement.piece, a_telecharger="telecharger" in request.GET)


def _lire_la_piece(request: Requete, convention_id: int, rang: int) -> Complement:
    complement = (
        Complement.objects.visibles_par(request.acteur)
        .lisibles_par(request.acteur)
        .select_related("piece__contenu")
        .filter(convention_id=convention_id, rang=rang)
        .first()
    )
    if complement is None:
        raise Introuvable
    return complement
