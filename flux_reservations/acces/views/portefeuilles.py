"""Les secteurs d'un organisme, les portefeuilles des personnes, leurs absences et leurs remplaçants (domaine.md § 6)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from flux_reservations.acces import actions_portefeuilles as actions
from flux_reservations.acces.middleware import RequeteConnue
from flux_reservations.acces.models import Absence, Rattachement, Secteur
from flux_reservations.acces.reserve import LECTEURS_DE_DROITS, ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse, Introuvable
from flux_reservations.socle.actes import SansSaisie, VueActe
from flux_reservations.socle.formulaires import proposer
from flux_reservations.socle.presentation import Fil, compter
from flux_reservations.socle.vues import Colonne, VueListe

DECOUPES = LECTEURS_DE_DROITS | {Nature.BAILLEUR}
"""Qui se découpe en secteurs : bailleurs et détenteurs de droits."""


class ListeSecteurs(ReserveeMixin, VueListe[Secteur]):
    """Les secteurs, leur boîte partagée, combien de personnes les suivent."""

    natures = DECOUPES
    role = Role.RESPONSABLE
    titre = "Secteurs"
    legende = "Secteurs et agences de l'organisme"
    nom_export = "secteurs"
    singulier = "secteur"
    gabarit = "acces/secteurs.html"
    tri_par_defaut = "nom"
    vide_titre = "Aucun secteur"
    vide_texte = (
        "Un secteur réunit des logements ; chacun des vôtres peut ainsi ouvrir sa pile de travail sur ce qu'il suit."
    )
    colonnes: ClassVar[Any] = (
        Colonne[Secteur](
            "nom",
            "Secteur",
            lambda un: un.nom,
            tri=("nom",),
            lien=lambda un: reverse("changer_secteur", args=[un.pk]),
            entete_de_ligne=True,
        ),
        Colonne[Secteur]("boite", "Boîte partagée", lambda un: un.boite, tri=("boite",)),
        Colonne[Secteur]("communes", "Communes", lambda un: un.nombre_de_communes, "nombre", secondaire=True),  # type: ignore[attr-defined]  # annotation
        Colonne[Secteur]("personnes", "Personnes", lambda un: un.nombre_de_personnes, "nombre"),  # type: ignore[attr-defined]  # annotation
    )

    def lire(self) -> QuerySet[Secteur]:
        """Ceux de l'organisme."""
        return Secteur.objects.visibles_par(self.request.acteur).annotate(
            nombre_de_communes=Count("communes", distinct=True),
            nombre_de_personnes=Count("portefeuilles", distinct=True),
        )

    def fil(self) -> Fil:
        """Retour aux personnes."""
        return [("Personnes et rôles", reverse("personnes"))]

    def contexte(self) -> dict[str, Any]:
        """Un bailleur reprend les secteurs de son patrimoine."""
        return {"peut_reprendre": self.request.acteur.est_bailleur}


class FormulaireSecteur(forms.Form):
    """Un secteur."""

    nom = forms.CharField(
        label="Nom", max_length=80, help_text="Chez un bailleur, celui de la colonne « secteur » du patrimoine importé."
    )
    boite = forms.EmailField(
        label="Boîte partagée", required=False, help_text="Elle reçoit le récapitulatif hebdomadaire du secteur."
    )
    communes = forms.CharField(
        label="Communes",
        required=False,
        max_length=2000,
        help_text="Codes INSEE séparés par une espace : tout logement de ces communes est du secteur.",
    )

    def clean_communes(self) -> list[str]:
        """Les codes, un par un."""
        return list(dict.fromkeys(self.cleaned_data["communes"].replace(",", " ").upper().split()))


class CreerSecteur(ReserveeMixin, VueActe):
    """Créer un secteur."""

    natures = DECOUPES
    role = Role.RESPONSABLE
    titre = "Créer un secteur"
    bouton = "Créer le secteur"
    formulaire: ClassVar[type[forms.Form]] = FormulaireSecteur

    def preparer(self, **cles: Any) -> None:
        """Rien à lire."""

    def executer(self, donnees: dict[str, Any]) -> str:
        """Crée."""
        actions.enregistrer_secteur(acteur=self.request.acteur, **donnees)
        return "Secteur créé : confiez-le depuis la fiche d'une personne."

    def fil(self) -> Fil:
        """La liste."""
        return [("Secteurs", reverse("secteurs"))]

    def retour(self) -> str:
        """La liste."""
        return reverse("secteurs")


class ActeSecteur(CreerSecteur):
    """Un acte sur un secteur de l'organisme."""

    secteur: Secteur

    def preparer(self, **cles: Any) -> None:
        """Le secteur, s'il est de l'organisme."""
        secteur = Secteur.objects.visibles_par(self.request.acteur).filter(pk=cles["pk"]).first()
        if secteur is None:
            raise Introuvable
        self.secteur = secteur


class ChangerSecteur(ActeSecteur):
    """Changer un secteur."""

    titre = "Changer le secteur"
    bouton = "Enregistrer"
    gabarit = "acces/secteur.html"

    def initial(self) -> dict[str, Any]:
        """Ce qu'il est."""
        codes = self.secteur.communes.order_by("pk").values_list("pk", flat=True)
        return {"nom": self.secteur.nom, "boite": self.secteur.boite, "communes": " ".join(codes)}

    def executer(self, donnees: dict[str, Any]) -> str:
        """Change."""
        actions.enregistrer_secteur(acteur=self.request.acteur, secteur_id=self.secteur.pk, **donnees)
        return "Secteur enregistré."


class SupprimerSecteur(ActeSecteur):
    """Supprimer un secteur."""

    titre = "Supprimer le secteur"
    bouton = "Supprimer"
    ton = "danger"
    formulaire = SansSaisie

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le secteur, qui le suit."""
        return [
            ("Secteur", self.secteur.nom),
            ("Suivi par", compter(self.secteur.portefeuilles.count(), "personne")),
        ]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Supprime."""
        del donnees
        actions.supprimer_secteur(acteur=self.request.acteur, secteur_id=self.secteur.pk)
        return "Secteur supprimé."


class ActeRattachement(ReserveeMixin, VueActe):
    """Un acte sur une personne de l'organisme, encore en fonction : soi-même, ou n'importe qui pour un responsable."""

    natures = DECOUPES
    rattachement: Rattachement

    def preparer(self, **cles: Any) -> None:
        """La personne, si elle est de l'organisme ; 403 pour un collègue, sans être responsable."""
        visibles = (
            Rattachement.objects.visibles_par(self.request.acteur).actifs().select_related("utilisateur", "organisme")
        )
        rattachement = visibles.filter(pk=cles["pk"]).first()
        if rattachement is None:
            raise Introuvable
        acteur = self.request.acteur
        if rattachement.utilisateur_id != acteur.utilisateur_id and not acteur.peut(Role.RESPONSABLE):
            raise AccesRefuse
        self.rattachement = rattachement

    def recapitulatif(self) -> list[tuple[str, object]]:
        """La personne."""
        return [("Personne", self.rattachement.utilisateur.nom_complet)]

    def retour(self) -> str:
        """Sa fiche, ou son compte."""
        if self.request.acteur.peut(Role.RESPONSABLE):
            return reverse("personne", args=[self.rattachement.pk])
        return reverse("mon_compte")


class ConfierSecteurs(ActeRattachement):
    """Confier des secteurs à une personne : son portefeuille."""

    role = Role.RESPONSABLE
    titre = "Portefeuille"
    bouton = "Enregistrer le portefeuille"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Une case par secteur."""
        actuels = list(self.rattachement.portefeuilles.values_list("secteur_id", flat=True))
        formulaire = forms.Form(donnees, initial={"secteurs": actuels})
        secteurs = Secteur.objects.visibles_par(self.request.acteur).filter(organisme_id=self.rattachement.organisme_id)
        formulaire.fields["secteurs"] = forms.TypedMultipleChoiceField(
            label="Secteurs suivis",
            coerce=int,
            required=False,
            choices=[(un.pk, un.nom) for un in secteurs],
            widget=forms.CheckboxSelectMultiple,
        )
        return formulaire

    def executer(self, donnees: dict[str, Any]) -> str:
        """Confie."""
        actions.confier_secteurs(
            acteur=self.request.acteur, rattachement_id=self.rattachement.pk, secteurs=donnees["secteurs"]
        )
        return "Portefeuille enregistré."


class FormulaireAbsence(forms.Form):
    """Une absence et son remplaçant."""

    du = forms.DateField(label="Du", widget=forms.DateInput(attrs={"type": "date"}))
    au = forms.DateField(label="Au (jour compris)", widget=forms.DateInput(attrs={"type": "date"}))
    remplacant_id = forms.TypedChoiceField(label="Remplacé par", coerce=int)


class NoterAbsence(ActeRattachement):
    """Noter une absence et son remplaçant."""

    titre = "Noter une absence"
    bouton = "Noter l'absence"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Les remplaçants possibles."""
        formulaire = FormulaireAbsence(donnees, initial={"du": timezone.localdate()})
        possibles = actions.remplacants_possibles(self.request.acteur, self.rattachement)
        proposer(formulaire, "remplacant_id", ((un.pk, un.utilisateur.nom_complet) for un in possibles))
        return formulaire

    def avertissement(self) -> str:
        """Ce que cela change."""
        return "Le remplaçant voit ce portefeuille dans « Mon secteur » et reçoit son récapitulatif. Ses droits ne changent pas."

    def executer(self, donnees: dict[str, Any]) -> str:
        """Note."""
        actions.noter_absence(acteur=self.request.acteur, rattachement_id=self.rattachement.pk, **donnees)
        return "Absence notée."


class RetirerAbsence(ReserveeMixin, VueActe):
    """Retirer une absence."""

    natures = DECOUPES
    titre = "Retirer l'absence"
    bouton = "Retirer l'absence"
    absence: Absence

    def preparer(self, **cles: Any) -> None:
        """L'absence, si l'acteur peut la retirer."""
        visibles = Absence.objects.visibles_par(self.request.acteur).select_related("rattachement__utilisateur")
        absence = visibles.filter(pk=cles["pk"]).first()
        if absence is None:
            raise Introuvable
        if not Absence.objects.modifiables_par(self.request.acteur).filter(pk=absence.pk).exists():
            raise AccesRefuse
        self.absence = absence

    def recapitulatif(self) -> list[tuple[str, object]]:
        """La personne et les jours."""
        return [
            ("Personne", self.absence.rattachement.utilisateur.nom_complet),
            ("Absence", f"du {self.absence.du:%d/%m/%Y} au {self.absence.au:%d/%m/%Y}"),
        ]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Retire."""
        del donnees
        actions.retirer_absence(acteur=self.request.acteur, absence_id=self.absence.pk)
        return "Absence retirée."

    def retour(self) -> str:
        """Le compte, ou la fiche."""
        if self.request.acteur.peut(Role.RESPONSABLE):
            return reverse("personne", args=[self.absence.rattachement_id])
        return reverse("mon_compte")


@require_POST
def choisir_recapitulatif(request: RequeteConnue) -> HttpResponse:
    """Recevoir ou non le récapitulatif hebdomadaire de l'organisme au nom duquel on agit."""
    if request.acteur.nature not in DECOUPES:
        raise AccesRefuse
    recoit = request.POST.get("recoit") == "oui"
    actions.choisir_recapitulatif(acteur=request.acteur, rattachement_id=request.rattachements[0].pk, recoit=recoit)
    messages.success(
        request, "Vous recevrez le récapitulatif." if recoit else "Vous ne recevrez plus le récapitulatif."
    )
    return redirect("mon_compte")
