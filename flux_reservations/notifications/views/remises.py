"""Enregistrer d'un coup les remises faites par une autre voie : un bordereau, tous ses envois (RG-66)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.notifications.actions.suivre import enregistrer_remises
from flux_reservations.notifications.forms import FormulaireRemise
from flux_reservations.notifications.models import Envoi, GenreEnvoi
from flux_reservations.notifications.views.registre import est_un_lot
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.formulaires import proposer
from flux_reservations.socle.presentation import Fil, compter

REMISES_AU_PLUS = 500
"""Envois montrés à la fois : au-delà, on en enregistre une partie, puis la suite."""


class FormulaireRemises(FormulaireRemise):
    """Les envois remis le même jour, sous la même référence, groupés par destinataire.

    `tout_cocher` : par destinataire, (nom, nombre d'envois, adresse de la page où tous les siens sont cochés).
    """

    tout_cocher: Sequence[tuple[str, int, str]] = ()
    envois = forms.MultipleChoiceField(label="Envois remis", widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, choix: list[tuple[str, list[tuple[str, str]]]], **options: Any) -> None:
        super().__init__(*args, **options)
        proposer(self, "envois", choix)
        self.order_fields(["le", "reference", "envois"])


class EnregistrerRemises(ReserveeMixin, VueActe):
    """Tout ce qui reste à remettre ; `?genre=`, `?departement=` et `?lot=` n'en gardent qu'une part."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    titre, bouton = "Enregistrer des remises", "Enregistrer les remises"
    gabarit = "notifications/remises.html"

    def preparer(self, **cles: Any) -> None:
        """Les envois que leurs destinataires n'ont pas encore."""
        del cles
        self.restants = list(self._lire()[:REMISES_AU_PLUS])

    def _lire(self) -> QuerySet[Envoi]:
        voulus = {nom: self.request.GET[nom] for nom in ("genre", "departement", "lot") if self.request.GET.get(nom)}
        if "lot" in voulus and not est_un_lot(voulus["lot"]):
            raise Introuvable
        return (
            Envoi.objects.modifiables_par(self.request.acteur)
            .a_remettre()
            .filter(**voulus)
            .order_by("destinataire_nom", "objet", "pk")
        )

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Groupés par destinataire, rien de coché que ceux de `?a=` : on coche ce qui est sur le bordereau."""
        choix: dict[str, list[tuple[str, str]]] = {}
        for envoi in self.restants:
            choix.setdefault(envoi.destinataire_nom, []).append((str(envoi.pk), envoi.objet))
        coches = [cle for cle, _ in choix.get(self.request.GET.get("a", ""), [])]
        formulaire = FormulaireRemises(
            donnees, choix=list(choix.items()), initial={"le": timezone.localdate(), "envois": coches}
        )
        formulaire.tout_cocher = [(nom, len(siens), self._adresse_de(nom)) for nom, siens in choix.items()]
        return formulaire

    def _adresse_de(self, destinataire: str) -> str:
        """La même page, tous les envois de ce destinataire cochés."""
        requete = self.request.GET.copy()
        requete["a"] = destinataire
        return f"?{requete.urlencode()}"

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Combien attendent."""
        return [("À remettre", compter(len(self.restants), "envoi"))]

    def avertissement(self) -> str:
        """Ce que cela prouve ; ou pourquoi il n'y a rien à enregistrer."""
        if self.est_sans_objet():
            return (
                "Aucun envoi n'attend d'être remis. Ne paraît ici que ce qui reste à remettre par une autre voie que le courriel, ou dont "
                "le courriel est en échec."
            )
        return (
            "La date et la référence feront foi : cochez ce qui figure sur le bordereau ou le récépissé, rien d'autre."
        )

    def est_sans_objet(self) -> bool:
        """Vrai si plus rien n'attend."""
        return not self.restants

    def executer(self, donnees: dict[str, Any]) -> str:
        """Enregistre."""
        nombre = enregistrer_remises(
            acteur=self.request.acteur,
            envois=[int(cle) for cle in donnees["envois"]],
            le=donnees["le"],
            reference=donnees["reference"],
        )
        return f"{compter(nombre, 'remise enregistrée', 'remises enregistrées')}."

    def retour(self) -> str:
        """Le registre, sur le même genre."""
        genre = self.request.GET.get("genre", "")
        return reverse("envois") + (f"?genre={genre}" if genre in GenreEnvoi.values else "")

    def fil(self) -> Fil:
        """Envois."""
        return [("Envois", reverse("envois"))]
