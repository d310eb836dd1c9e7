"""Déclarer remboursé l'emprunt qu'un réservataire garantit (RG-23)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone

from conventions.actions.garanties import declarer_remboursement
from conventions.chargement_garanties import chercher_droit
from conventions.forms import champ_date
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.droit.conversion import PROROGATION_DES_GARANTIES
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import ecrire_date, ecrire_taux


class FormulaireRemboursement(forms.Form):
    """La date du dernier versement."""

    dernier_versement = champ_date(
        "Dernier versement de l'emprunt",
        aide="Les droits du garant courent encore, le temps de leur prorogation.",
        obligatoire=True,
    )


class DeclarerRemboursement(ReserveeMixin, VueActe):
    """Dater le dernier versement et informer le garant, d'un même acte."""

    natures, role = frozenset({Nature.BAILLEUR}), Role.RESPONSABLE
    titre, bouton = "L'emprunt garanti est remboursé", "Enregistrer et informer le garant"
    formulaire = FormulaireRemboursement

    def preparer(self, **cles: Any) -> None:
        """Le droit, dans une convention que l'acteur voit."""
        droit = chercher_droit(self.request.acteur, cles["pk"])
        if droit is None:
            raise Introuvable
        self.droit, self.convention = droit, droit.convention

    def initial(self) -> dict[str, Any]:
        """La date connue."""
        return {"dernier_versement": self.droit.dernier_versement}

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le garant, la convention, le taux."""
        return [
            ("Garant", self.convention.reservataire.nom),
            ("Convention", self.convention.numero),
            ("Taux", ecrire_taux(self.droit.taux)),
            (
                "Prorogation des droits",
                f"{PROROGATION_DES_GARANTIES.valeur(timezone.localdate())} ans après ce versement",
            ),
        ]

    def avertissement(self) -> str:
        """L'information part tout de suite."""
        return "Le garant est informé tout de suite, sur le portail et par courriel ; l'envoi entre au registre."

    def retour(self) -> str:
        """Les garanties du département."""
        return f"{reverse('garanties')}?departement={self.convention.departement_id}"

    def fil(self) -> list[tuple[str, str]]:
        """Les garanties."""
        return [("Garanties d'emprunt", self.retour())]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Enregistre et informe."""
        garantie = declarer_remboursement(
            acteur=self.request.acteur,
            droit_id=self.droit.pk,
            dernier_versement=donnees["dernier_versement"],
        )
        return f"Le garant est informé ; ses droits courent jusqu'au {ecrire_date(garantie.echeance)}."
