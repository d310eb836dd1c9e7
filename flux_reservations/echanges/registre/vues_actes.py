"""Inscrire, corriger, supprimer un organisme du registre."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.urls import reverse

from conventions.domaine.codes import SEUL_SUR_SON_TERRITOIRE
from flux_reservations.acces.models import Organisme
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.cles import lire_entier
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.echanges.models import DemandeOrganisme
from flux_reservations.echanges.registre.actions import registre
from flux_reservations.echanges.registre.formulaires import (
    FormulaireBailleur,
    FormulaireReservataire,
    proposer_un_code,
)
from flux_reservations.echanges.registre.vues import PLATEFORME, fil_de_l_organisme, lire_organisme
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Fil

_FORMULAIRES: dict[str, type[forms.Form]] = {
    registre.BAILLEURS: FormulaireBailleur,
    registre.RESERVATAIRES: FormulaireReservataire,
}


class InscrireOrganisme(ReserveeMixin, VueActe):
    """Ajouter un organisme au registre commun."""

    natures = PLATEFORME
    role = Role.ADMINISTRATEUR
    bouton = "Ajouter au registre"
    tableau: ClassVar[str]
    inscrit: Organisme | None = None

    def preparer(self, **cles: Any) -> None:
        """Rien à lire."""

    def fil(self) -> Fil:
        """La liste."""
        return [("Organismes", reverse("organismes"))]

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Celui du tableau."""
        return _FORMULAIRES[self.tableau](donnees, initial=self.initial())

    def retour(self) -> str:
        """La fiche, une fois l'organisme inscrit."""
        return reverse("organisme", args=[self.inscrit.pk]) if self.inscrit else reverse("organismes")

    def executer(self, donnees: dict[str, Any]) -> str:
        """Passe par les contrôles de l'import."""
        inscription = registre.inscrire_organisme(
            acteur=self.request.acteur, tableau=self.tableau, valeurs=donnees, demande_id=self.demande_id()
        )
        self.inscrit = inscription.organisme
        for avertissement in inscription.avertissements:
            messages.warning(self.request, avertissement)
        return f"{inscription.organisme.nom} est au registre : invitez-y quelqu'un pour lui ouvrir un accès."

    def demande_id(self) -> int | None:
        """La demande à laquelle l'organisme répond, s'il y en a une."""
        return None


class InscrireBailleur(InscrireOrganisme):
    """Ajouter un bailleur (RG-01)."""

    titre = "Ajouter un bailleur"
    tableau = registre.BAILLEURS


class InscrireReservataire(InscrireOrganisme):
    """Ajouter un réservataire (RG-02) ; `?demande=` : celui que demande un bailleur, champs préremplis."""

    titre = "Ajouter un réservataire"
    tableau = registre.RESERVATAIRES
    demande: DemandeOrganisme | None = None

    def preparer(self, **cles: Any) -> None:
        """La demande, si elle attend encore."""
        cle = self.request.GET.get("demande", "")
        if not cle:
            return
        demandes = DemandeOrganisme.objects.visibles_par(self.request.acteur).en_attente()
        self.demande = demandes.filter(pk=lire_entier(cle) or 0).select_related("territoire", "demandeur").first()
        if self.demande is None:
            raise Introuvable("Cette demande a déjà reçu une réponse, ou n'existe pas.")

    def initial(self) -> dict[str, Any]:
        """Ce que dit la demande, et un code proposé ; le courriel d'un préfet ou d'une mairie se vérifie et se saisit."""
        if self.demande is None:
            return {}
        une = self.demande
        return {
            "code": proposer_un_code(une.type, une.nom, une.territoire),
            "territoire": une.territoire_id or "",
            "courriel": "" if une.type in SEUL_SUR_SON_TERRITOIRE else une.courriel,
            **{champ: getattr(une, champ) for champ in ("nom", "type", "siren")},
        }

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Qui le demande."""
        if self.demande is None:
            return []
        precision = [("Précision", self.demande.precision)] if self.demande.precision else []
        return [("Demandé par", self.demande.demandeur.nom), *precision]

    def demande_id(self) -> int | None:
        """La demande en cours."""
        return self.demande.pk if self.demande else None


class CorrigerOrganisme(ReserveeMixin, VueActe):
    """Corriger la fiche d'un organisme du registre."""

    natures = PLATEFORME
    role = Role.ADMINISTRATEUR
    titre = "Modifier l'organisme"
    bouton = "Enregistrer"
    organisme: Organisme
    tableau: str
    cle: str

    def preparer(self, **cles: Any) -> None:
        """L'organisme, s'il est du registre."""
        self.organisme = lire_organisme(self.request, cles["pk"])
        self.tableau, self.cle = registre.designer_au_registre(self.request.acteur, self.organisme.pk)

    def fil(self) -> Fil:
        """La fiche."""
        return fil_de_l_organisme(self.organisme)

    def retour(self) -> str:
        """La fiche."""
        return reverse("organisme", args=[self.organisme.pk])

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Ce qui désigne l'organisme, et ne change pas."""
        return [("SIREN" if self.tableau == registre.BAILLEURS else "Code", self.cle)]

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Les valeurs d'aujourd'hui, sans ce qui désigne l'organisme."""
        un = self.organisme
        fiche = getattr(un, "bailleur", None) or un.reservataire
        initial = {nom: getattr(fiche, nom) for nom in ("nom", "siren", "courriel")} | {
            "territoire": un.territoire_id or ""
        }
        initial |= {nom: getattr(fiche, nom) for nom in ("statut", "type") if hasattr(fiche, nom)}
        formulaire = _FORMULAIRES[self.tableau](donnees, initial=initial)
        del formulaire.fields[registre.CLES[self.tableau]]
        return formulaire

    def avertissement(self) -> str:
        """Pour tous."""
        return "Le registre est commun : la correction vaut pour tous les organismes de la plateforme."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Passe par les contrôles de l'import."""
        inscription = registre.corriger_organisme(
            acteur=self.request.acteur, organisme_id=self.organisme.pk, valeurs=donnees
        )
        for avertissement in inscription.avertissements:
            messages.warning(self.request, avertissement)
        return "Fiche corrigée." if inscription.change else "Rien n'a changé."


class SupprimerOrganisme(ReserveeMixin, VueActe):
    """Supprimer un organisme dont rien ne dépend encore."""

    natures = PLATEFORME
    role = Role.ADMINISTRATEUR
    titre = "Supprimer l'organisme"
    bouton = "Supprimer l'organisme"
    ton = "danger"
    organisme: Organisme
    supprime = False

    def preparer(self, **cles: Any) -> None:
        """L'organisme."""
        self.organisme = lire_organisme(self.request, cles["pk"])

    def recapitulatif(self) -> list[tuple[str, object]]:
        """De qui il s'agit."""
        return [("Organisme", self.organisme.nom)]

    def avertissement(self) -> str:
        """Ce qui s'ensuit."""
        return "Il quitte le registre. Les invitations que personne n'a acceptées partent avec lui."

    def fil(self) -> Fil:
        """La fiche."""
        return fil_de_l_organisme(self.organisme)

    def retour(self) -> str:
        """La liste, une fois l'organisme supprimé."""
        return reverse("organismes") if self.supprime else reverse("organisme", args=[self.organisme.pk])

    def executer(self, donnees: dict[str, Any]) -> str:
        """Supprime, ou dit ce qui en dépend."""
        del donnees
        registre.supprimer_organisme(acteur=self.request.acteur, organisme_id=self.organisme.pk)
        self.supprime = True
        return f"{self.organisme.nom} n'est plus au registre."
