"""Les actes sur un envoi : remise saisie, rebond, nouvelle adresse, relance, accusé de réception (RG-66)."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from flux_reservations.acces.reserve import LECTEURS_DE_DROITS, ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.notifications.actions.rebonds import constater_les_rebonds
from flux_reservations.notifications.actions.suivre import (
    accuser_reception,
    enregistrer_remise,
    reexpedier,
    relancer,
    signaler_rebond,
)
from flux_reservations.notifications.forms import FormulaireAdresse, FormulaireAvis, FormulaireRebond, FormulaireRemise
from flux_reservations.notifications.models import Envoi
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil, ecrire_instant


class ActeSurEnvoi(ReserveeMixin, VueActe):
    """Un acte de l'émetteur sur un de ses envois."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    envoi: Envoi

    def preparer(self, **cles: Any) -> None:
        """L'envoi émis par l'organisme."""
        acteur = self.request.acteur
        self.envoi = get_object_or_404(
            Envoi.objects.visibles_par(acteur).filter(emetteur_id=acteur.organisme_id), pk=cles["pk"]
        )

    def retour(self) -> str:
        """La fiche de l'envoi."""
        return reverse("envoi", args=[self.envoi.pk])

    def fil(self) -> Fil:
        """Envois, puis l'envoi."""
        return [("Envois", reverse("envois")), (self.envoi.destinataire_nom, self.retour())]

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Ce qui est envoyé, à qui, depuis quand."""
        return [
            ("Document", self.envoi.objet),
            ("Destinataire", self.envoi.destinataire_nom),
            ("Déposé le", ecrire_instant(self.envoi.depose_le)),
        ]


class EnregistrerRemise(ActeSurEnvoi):
    """Saisir une remise en recommandé ou en main propre."""

    titre, bouton, formulaire = "Enregistrer une remise", "Enregistrer la remise", FormulaireRemise

    def initial(self) -> dict[str, Any]:
        """Aujourd'hui."""
        return {"le": timezone.localdate()}

    def executer(self, donnees: dict[str, Any]) -> str:
        """Enregistre."""
        enregistrer_remise(
            acteur=self.request.acteur, envoi_id=self.envoi.pk, le=donnees["le"], reference=donnees["reference"]
        )
        return "La remise est enregistrée."


class SignalerRebond(ActeSurEnvoi):
    """Dire qu'un courriel est revenu."""

    titre, bouton, formulaire = "Signaler un courriel revenu", "Signaler", FormulaireRebond

    def executer(self, donnees: dict[str, Any]) -> str:
        """Enregistre."""
        signaler_rebond(acteur=self.request.acteur, envoi_id=self.envoi.pk, raison=donnees["raison"])
        return "L'envoi est en échec : donnez une autre adresse, ou enregistrez une remise par une autre voie."


class LireLesAvis(ReserveeMixin, VueActe):
    """Déposer des avis de non-remise : chacun retrouve son envoi et le met en échec."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    titre, bouton = "Lire des avis de non-remise", "Lire les avis"

    def preparer(self, **cles: Any) -> None:
        """Rien à lire : chaque avis désigne son envoi."""
        del cles

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Avec les fichiers."""
        return FormulaireAvis(donnees, self.request.FILES if donnees is not None else None)

    def executer(self, donnees: dict[str, Any]) -> str:
        """Lit."""
        releve = constater_les_rebonds(acteur=self.request.acteur, courriels=donnees["avis"])
        suites = [
            (releve.rebonds, "envoi mis en échec", "envois mis en échec"),
            (releve.passagers, "simple retard", "simples retards"),
            (releve.sans_effet, "avis sans effet", "avis sans effet"),
            (releve.illisibles, "fichier qui n'est pas un avis", "fichiers qui ne sont pas des avis"),
        ]
        return ", ".join(f"{n} {un if n == 1 else plusieurs}" for n, un, plusieurs in suites if n) + "."

    def retour(self) -> str:
        """Le registre."""
        return reverse("envois")

    def fil(self) -> Fil:
        """Envois."""
        return [("Envois", reverse("envois"))]


class Reexpedier(ActeSurEnvoi):
    """Envoyer à une autre adresse."""

    titre, bouton, formulaire = "Envoyer à une autre adresse", "Envoyer", FormulaireAdresse

    def initial(self) -> dict[str, Any]:
        """L'adresse actuelle."""
        return {"courriel": self.envoi.courriel}

    def executer(self, donnees: dict[str, Any]) -> str:
        """Remet en file."""
        reexpedier(acteur=self.request.acteur, envoi_id=self.envoi.pk, courriel=donnees["courriel"])
        return "Le courriel repart."


class Relancer(ActeSurEnvoi):
    """Rappeler l'envoi à son destinataire."""

    titre, bouton = "Relancer le destinataire", "Envoyer un rappel"

    def executer(self, donnees: dict[str, Any]) -> str:
        """Envoie un rappel, un par jour au plus."""
        del donnees
        nombre = relancer(acteur=self.request.acteur, envois=[self.envoi.pk])
        return "Le rappel est parti." if nombre else "Un rappel est déjà parti aujourd'hui, ou l'accusé est arrivé."


class AccuserReception(ReserveeMixin, VueActe):
    """Le destinataire dit qu'il a reçu."""

    natures = LECTEURS_DE_DROITS
    role = Role.GESTIONNAIRE
    titre, bouton = "Accuser réception", "J'accuse réception"
    envoi: Envoi

    def preparer(self, **cles: uuid.UUID) -> None:
        """L'envoi déposé chez l'acteur."""
        acteur = self.request.acteur
        envois = (
            Envoi.objects.visibles_par(acteur).filter(destinataire_id=acteur.organisme_id).select_related("emetteur")
        )
        self.envoi = get_object_or_404(envois, cle=cles["cle"])

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Ce qui est reçu."""
        return [
            ("Document", self.envoi.objet),
            ("Envoyé par", self.envoi.emetteur.nom),
            ("Déposé le", ecrire_instant(self.envoi.depose_le)),
        ]

    def retour(self) -> str:
        """La page de l'envoi reçu."""
        return self.envoi.adresse_de_remise

    def executer(self, donnees: dict[str, Any]) -> str:
        """Accuse réception."""
        del donnees
        accuser_reception(acteur=self.request.acteur, envoi_id=self.envoi.pk)
        return "Votre accusé de réception est enregistré, et visible de l'expéditeur."
