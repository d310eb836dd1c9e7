"""L'occupation sociale des résidences : la liste des enquêtes, et de quoi en saisir, corriger ou retirer une (RG-51)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from attributions.actions import occupations
from attributions.actions.occupations import OccupationSaisie
from attributions.forms import ChampDate
from attributions.models import Occupation
from attributions.models.occupations import LIBELLES, PARTIES
from conventions.models import Logement
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.actes import SansSaisie, VueActe
from flux_reservations.socle.formulaires import proposer
from flux_reservations.socle.presentation import Fil, Pastille, ecrire_date
from flux_reservations.socle.vues import Colonne, VueListe
from flux_reservations.territoires.models import Commune

MENAGES_AU_PLUS = 100_000


def _etat(occupation: Occupation) -> Pastille:
    """Lue à l'orientation, ou remplacée par une enquête plus récente de la même résidence."""
    if occupation.enquete_le > timezone.localdate():
        return Pastille("À venir", "attention")
    remplacee = occupation.a_plus_recente  # type: ignore[attr-defined]  # annotation
    return Pastille("Remplacée", "neutre") if remplacee else Pastille("Lue", "succes")


class FiltreOccupations(django_filters.FilterSet):
    """Recherche d'une résidence."""

    q = django_filters.CharFilter(label="Résidence", field_name="programme", lookup_expr="icontains")

    class Meta:
        model = Occupation
        fields: ClassVar[list[str]] = []


class ListeOccupations(ReserveeMixin, VueListe[Occupation]):
    """Les enquêtes d'occupation du bailleur ; leurs effectifs ne se lisent qu'en ouvrant chacune."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    titre = "Occupation des résidences"
    legende = "Enquêtes d'occupation sociale, de la plus récente à la plus ancienne"
    nom_export = "occupations"
    gabarit = "attributions/occupations.html"
    classe_filtre = FiltreOccupations
    tri_par_defaut = "-enquete"
    singulier = "enquête"
    vide_titre = "Aucune enquête d'occupation"
    vide_texte = (
        "L'occupation d'une résidence éclaire l'agent quand il oriente un logement. Saisissez-en une, ou importez le tableau "
        "« occupations »."
    )
    colonnes: ClassVar[Any] = (
        Colonne[Occupation](
            "residence",
            "Résidence",
            lambda une: une.programme,
            tri=("programme",),
            lien=lambda une: reverse("corriger_occupation", args=[une.pk]),
            entete_de_ligne=True,
        ),
        Colonne[Occupation](
            "commune",
            "Commune",
            lambda une: une.commune.nom if une.commune else "Toutes",
            tri=("commune__cle_tri",),
            secondaire=True,
        ),
        Colonne[Occupation](
            "enquete", "Enquête du", lambda une: une.enquete_le, "date", tri=("enquete_le", "programme")
        ),
        Colonne[Occupation]("menages", "Ménages", lambda une: une.menages, "nombre", tri=("menages",)),
        Colonne[Occupation]("etat", "À l'orientation", _etat, "pastille", secondaire=True),
        Colonne[Occupation](
            "retirer", "Acte", lambda _: "Retirer", lien=lambda une: reverse("retirer_occupation", args=[une.pk])
        ),
    )

    def lire(self) -> QuerySet[Occupation]:
        """Celles du bailleur."""
        siennes = Occupation.objects.visibles_par(self.request.acteur)
        suivantes = siennes.filter(
            programme=OuterRef("programme"), enquete_le__gt=OuterRef("enquete_le"), enquete_le__lte=timezone.localdate()
        )
        meme_commune = Exists(suivantes.filter(commune=OuterRef("commune")))
        sans_commune = Exists(suivantes.filter(commune__isnull=True))
        return siennes.select_related("commune").annotate(a_plus_recente=meme_commune | sans_commune)


class FormulaireOccupation(forms.Form):
    """Une enquête d'occupation d'une résidence : des nombres de ménages, jamais un ménage."""

    programme = forms.ChoiceField(label="Résidence")
    commune = forms.ChoiceField(
        label="Commune", required=False, help_text="Utile seulement si deux de vos résidences portent ce nom."
    )
    enquete_le = ChampDate(label="Date de l'enquête")
    menages = forms.IntegerField(label="Ménages enquêtés", min_value=0, max_value=MENAGES_AU_PLUS)

    def __init__(self, *args: Any, acteur: Acteur, **options: Any) -> None:
        super().__init__(*args, **options)
        parc = Logement.objects.visibles_par(acteur)
        programmes = parc.exclude(programme="").order_by("programme").values_list("programme", flat=True).distinct()
        communes = Commune.objects.filter(pk__in=parc.values("commune")).order_by("cle_tri").values_list("pk", "nom")
        proposer(self, "programme", [("", "Choisissez"), *((un, un) for un in programmes)])
        proposer(self, "commune", [("", "Toutes"), *communes])
        for nom, libelle in LIBELLES.items():
            self.fields[nom] = forms.IntegerField(
                label=f"Dont {libelle}",
                min_value=0,
                max_value=MENAGES_AU_PLUS,
                required=False,
                help_text="Vide : l'enquête ne le dit pas.",
            )


def _lire(donnees: Mapping[str, Any]) -> OccupationSaisie:
    """L'enquête telle que l'action l'attend."""
    lu = dict(donnees)
    return OccupationSaisie(commune_id=lu.pop("commune") or None, **lu)


class ActeOccupation(ReserveeMixin, VueActe):
    """Un acte sur l'occupation d'une résidence."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    occupation: Occupation

    def preparer(self, **cles: Any) -> None:
        """Lit l'enquête, si elle est du bailleur."""
        trouvee = Occupation.objects.visibles_par(self.request.acteur).filter(pk=cles["pk"]).first()
        if trouvee is None:
            raise Introuvable
        self.occupation = trouvee

    def retour(self) -> str:
        """La liste."""
        return reverse("occupations")

    def fil(self) -> Fil:
        """Patrimoine, puis la liste."""
        return [("Patrimoine", reverse("patrimoine")), ("Occupation des résidences", reverse("occupations"))]


class SaisirOccupation(ActeOccupation):
    """Saisir une enquête."""

    titre = "Saisir l'occupation d'une résidence"
    bouton = "Enregistrer l'enquête"

    def preparer(self, **cles: Any) -> None:
        """Rien à lire : la résidence se choisit."""

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Le formulaire et les résidences du bailleur."""
        return FormulaireOccupation(donnees, acteur=self.request.acteur, initial=self.initial())

    def executer(self, donnees: dict[str, Any]) -> str:
        """Ajoute."""
        occupations.saisir_une_occupation(acteur=self.request.acteur, saisie=_lire(donnees), le=timezone.localdate())
        return "Enquête enregistrée : l'agent la lit quand il oriente un logement de cette résidence."


class CorrigerOccupation(SaisirOccupation):
    """Corriger une enquête."""

    titre = "Corriger l'occupation d'une résidence"
    bouton = "Enregistrer la correction"

    def preparer(self, **cles: Any) -> None:
        """Lit l'enquête, si elle est du bailleur."""
        ActeOccupation.preparer(self, **cles)

    def initial(self) -> dict[str, Any]:
        """L'enquête telle qu'elle est."""
        une = self.occupation
        lues = {nom: getattr(une, nom) for nom in PARTIES}
        return lues | {
            "programme": une.programme,
            "commune": une.commune_id or "",
            "enquete_le": une.enquete_le,
            "menages": une.menages,
        }

    def executer(self, donnees: dict[str, Any]) -> str:
        """Remplace."""
        occupations.corriger_une_occupation(
            acteur=self.request.acteur,
            occupation_id=self.occupation.pk,
            saisie=_lire(donnees),
            le=timezone.localdate(),
        )
        return "Enquête corrigée."


class RetirerOccupation(ActeOccupation):
    """Retirer une enquête."""

    titre = "Retirer l'occupation d'une résidence"
    bouton = "Retirer"
    ton = "danger"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Une confirmation."""
        return SansSaisie(donnees)

    def recapitulatif(self) -> list[tuple[str, object]]:
        """La résidence et la date."""
        return [("Résidence", self.occupation.programme), ("Enquête du", ecrire_date(self.occupation.enquete_le))]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Retire."""
        del donnees
        occupations.retirer_une_occupation(acteur=self.request.acteur, occupation_id=self.occupation.pk)
        return "Enquête retirée."
