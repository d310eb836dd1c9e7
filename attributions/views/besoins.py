"""Les besoins exprimés : le réservataire les saisit, les bailleurs qu'il vise les lisent (RG-51)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from attributions.actions import besoins
from attributions.actions.besoins import BesoinSaisi
from attributions.forms import AVERTISSEMENT_TEXTE_LIBRE, ChampDate
from attributions.models import Besoin
from conventions.domaine.codes import Typologie
from conventions.models import Bailleur, Convention
from flux_reservations.acces.reserve import LECTEURS_DE_DROITS, ReserveeMixin
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.actes import SansSaisie, VueActe
from flux_reservations.socle.formulaires import choisir_parmi
from flux_reservations.socle.presentation import Fil, Pastille
from flux_reservations.socle.vues import Colonne, VueListe
from flux_reservations.territoires.models import Territoire


def _bailleurs_de(acteur: Acteur) -> QuerySet[Bailleur]:
    """Les bailleurs avec qui le réservataire a une convention."""
    siennes = Convention.objects.visibles_par(acteur).filter(reservataire_id=acteur.organisme_id or 0)
    return Bailleur.objects.visibles_par(acteur).filter(pk__in=siennes.values("bailleur_id")).order_by("nom")


def etat_du_besoin(besoin: Besoin) -> Pastille:
    """Courant, ou échu : un besoin échu n'est plus montré à l'orientation."""
    est_courant = besoin.valable_jusqu_au >= timezone.localdate()
    return Pastille("Courant", "succes") if est_courant else Pastille("Échu", "neutre")


class FiltreBesoins(django_filters.FilterSet):
    """Filtres de la liste des besoins."""

    typologie = django_filters.ChoiceFilter(label="Typologie", choices=Typologie.choix(), empty_label="Toutes")
    pmr = django_filters.ChoiceFilter(
        label="Accessible (PMR)", choices=[("True", "Oui"), ("False", "Non")], empty_label="Tous"
    )

    class Meta:
        model = Besoin
        fields: ClassVar[list[str]] = []


class ListeBesoins(ReserveeMixin, VueListe[Besoin]):
    """Les besoins de l'acteur, ou ceux que ses réservataires lui expriment."""

    natures = frozenset({Nature.BAILLEUR}) | LECTEURS_DE_DROITS
    titre = "Besoins exprimés"
    legende = "Besoins, du plus grand nombre de ménages au plus petit"
    nom_export = "besoins"
    gabarit = "attributions/besoins.html"
    classe_filtre = FiltreBesoins
    tri_par_defaut = "-menages"
    singulier = "besoin"
    vide_titre = "Aucun besoin exprimé"
    vide_texte = "Un besoin (« T4 accessible : 12 ménages ») éclaire le bailleur quand il oriente un logement ; le moteur ne le lit pas."

    def lire_colonnes(self) -> tuple[Colonne[Besoin], ...]:
        """Le réservataire pour un bailleur ; l'acte de modifier pour un réservataire."""
        acteur = self.request.acteur
        premiere = (
            Colonne[Besoin](
                "qui", "Réservataire", lambda un: un.reservataire.nom, tri=("reservataire__nom",), entete_de_ligne=True
            )
            if acteur.est_bailleur
            else Colonne[Besoin](
                "quoi",
                "Besoin",
                lambda un: f"{un.typologie or 'Tout type'}{' accessible' if un.pmr else ''}",
                tri=("typologie", "pmr"),
                entete_de_ligne=True,
                lien=(lambda un: reverse("modifier_besoin", args=[un.pk])) if acteur.peut(Role.GESTIONNAIRE) else None,
            )
        )
        precises = (
            (
                Colonne[Besoin]("type", "Typologie", lambda un: un.typologie or "Toutes", tri=("typologie",)),
                Colonne[Besoin]("pmr", "Accessible (PMR)", lambda un: un.pmr, "oui_non", tri=("pmr",), secondaire=True),
            )
            if acteur.est_bailleur
            else ()
        )
        retirer = Colonne[Besoin](
            "retirer", "Acte", lambda un: "Retirer", lien=lambda un: reverse("retirer_besoin", args=[un.pk])
        )
        actes = (retirer,) if acteur.est_reservataire and acteur.peut(Role.GESTIONNAIRE) else ()
        return (
            premiere,
            *precises,
            Colonne[Besoin]("menages", "Ménages", lambda un: un.nb_menages, "nombre", tri=("nb_menages",)),
            Colonne[Besoin]("ou", "Territoire", lambda un: un.territoire.nom if un.territoire else "Partout", secondaire=True),
            Colonne[Besoin]("bailleur", "Bailleur", lambda un: un.bailleur.nom if un.bailleur else "Tous", secondaire=True),
            Colonne[Besoin]("precision", "Précision", lambda un: un.precision, secondaire=True),
            Colonne[Besoin]("fin", "Valable jusqu'au", lambda un: un.valable_jusqu_au, "date", tri=("valable_jusqu_au",)),
            Colonne[Besoin]("etat", "État", etat_du_besoin, "pastille"),
            *actes,
        )  # fmt: skip

    def lire(self) -> QuerySet[Besoin]:
        """Les besoins que l'acteur voit."""
        return Besoin.objects.visibles_par(self.request.acteur).select_related("reservataire", "bailleur", "territoire")

    def contexte(self) -> dict[str, Any]:
        """Qui peut en exprimer un."""
        acteur = self.request.acteur
        return {"peut_exprimer": acteur.est_reservataire and acteur.peut(Role.GESTIONNAIRE)}


class FormulaireBesoin(forms.Form):
    """Un besoin : combien de ménages, pour quel logement, où, jusqu'à quand."""

    nb_menages = forms.IntegerField(label="Ménages à loger", min_value=1, max_value=100_000)
    typologie = forms.ChoiceField(
        label="Typologie cherchée", choices=[("", "Toutes"), *Typologie.choix()], required=False
    )
    pmr = forms.BooleanField(label="Logement accessible (PMR)", required=False)
    commune = forms.CharField(
        label="Commune (code INSEE)", max_length=5, required=False, help_text="Vide : tout votre territoire."
    )
    bailleur = forms.ModelChoiceField(
        label="Bailleur", queryset=Bailleur.objects.none(), required=False, empty_label="Tous les bailleurs"
    )
    valable_jusqu_au = ChampDate(label="Valable jusqu'au")
    precision = forms.CharField(
        label="Précision",
        max_length=200,
        required=False,
        help_text=f"Quartier, école, travail… {AVERTISSEMENT_TEXTE_LIBRE}",
    )

    def __init__(self, *args: Any, acteur: Acteur, **options: Any) -> None:
        super().__init__(*args, **options)
        choisir_parmi(self, "bailleur", _bailleurs_de(acteur))

    def clean_commune(self) -> str:
        """Une commune du référentiel, ou rien."""
        code = str(self.cleaned_data["commune"]).strip().upper()
        if code and not Territoire.objects.filter(pk=f"commune:{code}").exists():
            raise forms.ValidationError(
                f"« {code} » n'est pas le code INSEE d'une commune : vérifiez ses cinq caractères."
            )
        return code


def _lire(donnees: Mapping[str, Any]) -> BesoinSaisi:
    """Le besoin tel que l'action l'attend."""
    return BesoinSaisi(
        nb_menages=donnees["nb_menages"],
        valable_jusqu_au=donnees["valable_jusqu_au"],
        typologie=donnees["typologie"],
        pmr=donnees["pmr"],
        territoire_id=f"commune:{donnees['commune']}" if donnees["commune"] else None,
        bailleur_id=donnees["bailleur"].pk if donnees["bailleur"] else None,
        precision=donnees["precision"].strip(),
    )


class ActeBesoin(ReserveeMixin, VueActe):
    """Un acte du réservataire sur ses besoins."""

    natures = LECTEURS_DE_DROITS
    role = Role.GESTIONNAIRE
    besoin: Besoin | None = None

    def preparer(self, **cles: Any) -> None:
        """Lit le besoin, s'il y en a un : le sien."""
        if "pk" not in cles:
            return
        acteur = self.request.acteur
        self.besoin = (
            Besoin.objects.visibles_par(acteur).filter(pk=cles["pk"], reservataire_id=acteur.organisme_id or 0).first()
        )
        if self.besoin is None:
            raise Introuvable

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Le formulaire, et les bailleurs de l'acteur."""
        return FormulaireBesoin(donnees, acteur=self.request.acteur, initial=self.initial())

    def initial(self) -> dict[str, Any]:
        """Le besoin tel qu'il est ; fin d'année pour un nouveau."""
        un = self.besoin
        if un is None:
            return {"valable_jusqu_au": timezone.localdate().replace(month=12, day=31)}
        return {
            "nb_menages": un.nb_menages,
            "typologie": un.typologie,
            "pmr": un.pmr,
            "commune": (un.territoire_id or "").partition(":")[2],
            "bailleur": un.bailleur_id,
            "valable_jusqu_au": un.valable_jusqu_au,
            "precision": un.precision,
        }

    def retour(self) -> str:
        """La liste."""
        return reverse("besoins")

    def fil(self) -> Fil:
        """Besoins."""
        return [("Besoins exprimés", reverse("besoins"))]


class ExprimerBesoin(ActeBesoin):
    """Exprimer un besoin."""

    titre = "Exprimer un besoin"
    bouton = "Enregistrer le besoin"

    def executer(self, donnees: dict[str, Any]) -> str:
        """Ajoute."""
        besoins.exprimer_un_besoin(acteur=self.request.acteur, saisi=_lire(donnees), le=timezone.localdate())
        return "Besoin enregistré : les bailleurs qu'il vise le voient quand ils orientent un logement."


class ModifierBesoin(ActeBesoin):
    """Modifier un besoin."""

    titre = "Modifier le besoin"
    bouton = "Enregistrer"

    def executer(self, donnees: dict[str, Any]) -> str:
        """Remplace."""
        assert self.besoin is not None  # noqa: S101 : lu par preparer
        besoins.modifier_un_besoin(
            acteur=self.request.acteur, besoin_id=self.besoin.pk, saisi=_lire(donnees), le=timezone.localdate()
        )
        return "Besoin modifié."


class RetirerBesoin(ActeBesoin):
    """Retirer un besoin."""

    titre = "Retirer le besoin"
    bouton = "Retirer"
    ton = "danger"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Une confirmation."""
        return SansSaisie(donnees)

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le besoin."""
        return [("Besoin", str(self.besoin))]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Retire."""
        del donnees
        assert self.besoin is not None  # noqa: S101 : lu par preparer
        besoins.retirer_un_besoin(acteur=self.request.acteur, besoin_id=self.besoin.pk)
        return "Besoin retiré."
