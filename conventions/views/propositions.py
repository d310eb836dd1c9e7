"""Commenter une convention proposée, relancer ses destinataires : le dialogue autour d'une convention (RG-16, RG-17)."""

from __future__ import annotations

from typing import Any

from django import forms

from conventions.actions.commentaires import commenter
from conventions.views.elaboration import ActeConvention
from flux_reservations.acces.reserve import LECTEURS_DE_DROITS
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.notifications.actions.suivre import relancer
from flux_reservations.notifications.models import Envoi, EnvoiQuerySet, GenreEnvoi
from flux_reservations.socle.actes import SansSaisie
from flux_reservations.socle.presentation import compter


class FormulaireCommentaire(forms.Form):
    """Un commentaire."""

    texte = forms.CharField(
        label="Votre commentaire",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="L'autre partie le lit et y répond ; il ne se retire pas.",
    )


class CommenterConvention(ActeConvention):
    """Commenter la version proposée, ou répondre."""

    natures = frozenset({Nature.BAILLEUR}) | LECTEURS_DE_DROITS
    titre = "Commenter la convention"
    bouton = "Envoyer le commentaire"
    formulaire = FormulaireCommentaire

    def recapitulatif(self) -> list[tuple[str, object]]:
        """La version commentée."""
        rang = self.convention.versions_proposees.count()
        return [*super().recapitulatif(), ("Version commentée", rang or 1)]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Commente."""
        commenter(acteur=self.request.acteur, convention_id=self.convention.pk, texte=donnees["texte"])
        return "Commentaire envoyé."


class RelancerTransmission(ActeConvention):
    """Rappeler aux autorités qui n'ont pas accusé réception."""

    role = Role.GESTIONNAIRE
    titre = "Relancer les autorités"
    bouton = "Relancer"
    formulaire = SansSaisie

    def _attendus(self) -> EnvoiQuerySet:
        return Envoi.objects.visibles_par(self.request.acteur).filter(
            genre=GenreEnvoi.TRANSMISSION,
            objet_type="conventions.convention",
            objet_cle=str(self.convention.pk),
            recu_le__isnull=True,
        )

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Qui n'a pas accusé réception, et qui ne peut être relancé que par une autre voie."""
        attendus = list(self._attendus())
        return [
            *super().recapitulatif(),
            ("N'ont pas accusé réception", ", ".join(un.destinataire_nom for un in attendus) or "personne"),
            ("Sans courriel", ", ".join(un.destinataire_nom for un in attendus if not un.courriel) or "personne"),
        ]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Relance, une fois par jour au plus."""
        nombre = relancer(acteur=self.request.acteur, envois=[un.pk for un in self._attendus()])
        return f"{compter(nombre, 'rappel')} déposé{'s' if nombre > 1 else ''}."
