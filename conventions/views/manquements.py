"""Les mises en demeure à l'écran : les étapes datées de RG-20, et ce qui est devenu possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from conventions.actions import manquements as actes
from conventions.domaine.codes import SuiteManquement
from conventions.domaine.manquement import Avancement
from conventions.forms import ChampPdf, champ_date
from conventions.models import Bailleur, Convention, Manquement, Reservataire
from flux_reservations.acces.reserve import LECTEURS_DE_DROITS, ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.formulaires import choisir_parmi, proposer
from flux_reservations.socle.presentation import Fil, Moment, Pastille, compter, ecrire_date
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe
from flux_reservations.territoires.models import Departement

QUI_AGIT = frozenset({Nature.ETAT, Nature.BAILLEUR})


def avancement_de(manquement: Manquement) -> Avancement:
    """Où en est la mise en demeure aujourd'hui."""
    return Avancement(
        manquement.mise_en_demeure_le,
        manquement.suite,
        timezone.localdate(),
        sur_une_convention=manquement.convention_id is not None,
    )


def objet_de(manquement: Manquement) -> str:
    """Ce que vise la mise en demeure ; une convention qui n'a pas été transmise au préfet ne se lit pas de lui."""
    if manquement.convention_id is None:
        return "Défaut de convention"
    return manquement.convention.numero if manquement.convention else "Convention non transmise"


def pastille_de(manquement: Manquement) -> Pastille:
    """La suite, ou le temps qui reste."""
    if manquement.suite:
        return Pastille(
            manquement.get_suite_display(), "succes" if manquement.suite == SuiteManquement.REGULARISE else "danger"
        )
    avancement = avancement_de(manquement)
    if avancement.est_echue:
        return Pastille("Deux mois passés" if manquement.convention_id else "Arrêté possible", "danger")
    return Pastille(compter(avancement.jours_restants, "jour restant", "jours restants"), "attention")


class ListeManquements(ReserveeMixin, VueListe[Manquement]):
    """Les mises en demeure que l'acteur a faites, ou qui le regardent."""

    natures = frozenset({Nature.BAILLEUR}) | LECTEURS_DE_DROITS
    titre = "Mises en demeure"
    legende = "Mises en demeure et leurs suites (RG-20)"
    nom_export = "mises_en_demeure"
    singulier = "mise en demeure"
    pluriel = "mises en demeure"
    gabarit = "conventions/manquements.html"
    tri_par_defaut = "-le"
    vide_titre = "Aucune mise en demeure"
    vide_texte = "Deux mois sans suite après une mise en demeure du préfet ouvrent la résiliation, ou l'arrêté."
    colonnes: ClassVar[Sequence[Colonne[Any]]] = (
        Colonne[Manquement](
            "le",
            "Mise en demeure le",
            lambda un: un.mise_en_demeure_le,
            "date",
            tri=("mise_en_demeure_le",),
            lien=lambda un: reverse("manquement", args=[un.pk]),
            entete_de_ligne=True,
        ),
        Colonne[Manquement]("bailleur", "Bailleur", lambda un: un.bailleur.nom, tri=("bailleur__nom",)),
        Colonne[Manquement]("objet", "Objet", objet_de),
        Colonne[Manquement](
            "reservataire", "Réservataire", lambda un: un.reservataire.nom if un.reservataire else "", secondaire=True
        ),
        Colonne[Manquement]("departement", "Département", lambda un: str(un.departement), secondaire=True),
        Colonne[Manquement](
            "possible",
            "Résiliation ou arrêté possible le",
            lambda un: avancement_de(un).possible_le,
            "date",
            regle="RG-20",
        ),
        Colonne[Manquement]("suite", "Suite", pastille_de, "pastille", tri=("suite",)),
        Colonne[Manquement]("suite_le", "Le", lambda un: un.suite_le, "date", tri=("suite_le",), secondaire=True),
    )

    def lire(self) -> QuerySet[Manquement]:
        """Ceux que l'acteur voit."""
        return Manquement.objects.visibles_par(self.request.acteur).select_related(
            "bailleur", "convention", "reservataire", "departement"
        )


class FicheManquement(ReserveeMixin):
    """Une mise en demeure : ses étapes datées."""

    natures = frozenset({Nature.BAILLEUR}) | LECTEURS_DE_DROITS

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre la fiche."""
        manquement = get_object_or_404(
            Manquement.objects.visibles_par(request.acteur).select_related(
                "bailleur", "prefet", "reservataire", "convention", "departement", "piece", "suite_piece"
            ),
            pk=pk,
        )
        avancement = avancement_de(manquement)
        suite = SuiteManquement(manquement.suite).libelle if manquement.suite else "Suite attendue"
        contexte = {
            "titre": f"Mise en demeure du {ecrire_date(manquement.mise_en_demeure_le)}",
            "fil": [("Mises en demeure", reverse("manquements"))],
            "manquement": manquement,
            "etat": pastille_de(manquement),
            "objet": objet_de(manquement),
            "avancement": avancement,
            "moments": [
                Moment(
                    "Mise en demeure",
                    manquement.mise_en_demeure_le,
                    detail=manquement.motif,
                    auteur=manquement.prefet.nom,
                ),
                Moment(
                    "Deux mois passés : résiliation possible"
                    if manquement.convention_id
                    else "À défaut de convention : arrêté possible",
                    avancement.possible_le,
                    "fait" if timezone.localdate() >= avancement.possible_le else "a-venir",
                ),
                Moment(
                    suite,
                    manquement.suite_le,
                    "fait" if manquement.suite else "a-venir",
                    detail=manquement.suite_motif,
                ),
            ],
            "peut_agir": not manquement.suite
            and Manquement.objects.modifiables_par(request.acteur).filter(pk=pk).exists(),
        }
        return render(request, "conventions/manquement.html", contexte)


class FormulaireMiseEnDemeure(forms.Form):
    """Qui, quoi, quand."""

    bailleur = forms.ModelChoiceField(label="Bailleur", queryset=Bailleur.objects.none())
    convention = forms.ModelChoiceField(
        label="Convention mal tenue",
        queryset=Convention.objects.none(),
        required=False,
        help_text="Vide : la mise en demeure vise le défaut de convention.",
    )
    reservataire = forms.ModelChoiceField(
        label="Réservataire sans convention", queryset=Reservataire.objects.none(), required=False
    )
    le = champ_date("Mise en demeure le", obligatoire=True, initial=timezone.localdate)
    motif = forms.CharField(label="Ce qui est reproché", widget=forms.Textarea(attrs={"rows": 4}))
    reference = forms.CharField(label="Référence du courrier", max_length=120, required=False)
    piece = ChampPdf(label="Courrier (PDF)", required=False)

    def __init__(self, *args: Any, bailleurs: Any, conventions: Any, reservataires: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for nom, lignes in (("bailleur", bailleurs), ("convention", conventions), ("reservataire", reservataires)):
            choisir_parmi(self, nom, lignes)


class MettreEnDemeure(ReserveeMixin, VueActe):
    """Le préfet met en demeure ; ou le bailleur enregistre la mise en demeure reçue par courrier."""

    natures = QUI_AGIT
    role = Role.GESTIONNAIRE
    titre = "Enregistrer une mise en demeure"
    bouton = "Enregistrer"
    cree: Manquement | None = None

    def preparer(self, **cles: Any) -> None:
        """L'État doit avoir un département."""
        acteur = self.request.acteur
        if acteur.nature is Nature.ETAT and not acteur.territoire.startswith("departement:"):
            raise AccesRefuse("Votre organisme n'a pas de département.")

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Les bailleurs et les conventions que l'acteur voit."""
        acteur = self.request.acteur
        conventions = Convention.objects.visibles_par(acteur).en_vigueur(timezone.localdate()).order_by("numero")
        bailleurs = Bailleur.objects.visibles_par(acteur).order_by("nom")
        if acteur.nature is Nature.ETAT:
            conventions = conventions.filter(departement_id=acteur.territoire.partition(":")[2])
        return FormulaireMiseEnDemeure(
            donnees,
            self.request.FILES if donnees is not None else None,
            initial={"bailleur": acteur.organisme if acteur.est_bailleur else None},
            bailleurs=bailleurs,
            conventions=conventions,
            reservataires=Reservataire.objects.visibles_par(acteur).order_by("nom"),
        )

    def avertissement(self) -> str:
        """Ce qui court."""
        return (
            "Sans suite dans les deux mois, le préfet peut résilier la convention ; à défaut de convention, il peut fixer les droits par "
            "arrêté (RG-20). Le préfet, le bailleur et le réservataire en sont avisés."
        )

    def retour(self) -> str:
        """La fiche créée, sinon la liste."""
        return reverse("manquement", args=[self.cree.pk]) if self.cree else reverse("manquements")

    def fil(self) -> Fil:
        """Les mises en demeure."""
        return [("Mises en demeure", reverse("manquements"))]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Enregistre."""
        convention = donnees["convention"]
        self.cree = actes.mettre_en_demeure(
            acteur=self.request.acteur,
            departement_id=self._departement(convention),
            grief=actes.Grief(
                bailleur=donnees["bailleur"],
                motif=donnees["motif"],
                le=donnees["le"],
                reference=donnees["reference"],
                reservataire=donnees["reservataire"],
                convention=convention,
                fichier=donnees["piece"],
            ),
        )
        return "Mise en demeure enregistrée : les deux mois courent."

    def _departement(self, convention: Convention | None) -> str:
        acteur = self.request.acteur
        if acteur.nature is Nature.ETAT:
            return acteur.territoire.partition(":")[2]
        if convention is not None:
            return convention.departement_id
        lieu = Departement.objects.filter(pk=acteur.territoire.removeprefix("departement:")).first()
        premiere = Convention.objects.visibles_par(acteur).values_list("departement_id", flat=True).first()
        return lieu.pk if lieu else premiere or ""


class FormulaireSuite(forms.Form):
    """La suite et sa date."""

    suite = forms.ChoiceField(label="Suite", widget=forms.RadioSelect)
    le = champ_date(
        "Le", obligatoire=True, initial=timezone.localdate, aide="Pour une résiliation : dernier jour en vigueur."
    )
    motif = forms.CharField(label="Motif", widget=forms.Textarea(attrs={"rows": 3}))
    reference = forms.CharField(label="Référence (arrêté, courrier)", max_length=120, required=False)
    piece = ChampPdf(label="Décision (PDF)", required=False)

    def __init__(self, *args: Any, suites: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        proposer(self, "suite", suites)


class DonnerSuite(ReserveeMixin, VueActe):
    """Dater la suite d'une mise en demeure."""

    natures = QUI_AGIT
    role = Role.GESTIONNAIRE
    titre = "Donner une suite"
    bouton = "Enregistrer la suite"
    ton = "danger"
    manquement: Manquement

    def preparer(self, **cles: Any) -> None:
        """Lit la mise en demeure."""
        self.manquement = get_object_or_404(
            Manquement.objects.visibles_par(self.request.acteur).select_related("bailleur", "convention"), pk=cles["pk"]
        )

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Avec la pièce ; les suites sont celles que l'acteur peut donner."""
        decide = actes.peut_decider(self.request.acteur, self.manquement)
        impossible = SuiteManquement.ARRETE if self.manquement.convention_id else SuiteManquement.RESILIATION
        suites = [
            (code, libelle)
            for code, libelle in SuiteManquement.choix()
            if code == SuiteManquement.REGULARISE or (decide and code != impossible)
        ]
        return FormulaireSuite(donnees, self.request.FILES if donnees is not None else None, suites=suites)

    def avertissement(self) -> str:
        """Ce que la suite a d'irréversible."""
        if self.manquement.convention_id is None:
            return "À défaut de convention, le préfet peut fixer les droits par arrêté (RG-20). La suite ne se reprend pas."
        return (
            f"Résiliation : pas avant le {ecrire_date(avancement_de(self.manquement).possible_le)}, par un responsable de la préfecture. "
            "Elle met fin à la convention, avenants compris ; la suite ne se reprend pas."
        )

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le bailleur et la convention."""
        return [
            ("Bailleur", self.manquement.bailleur.nom),
            ("Objet", objet_de(self.manquement)),
            ("Mise en demeure", ecrire_date(self.manquement.mise_en_demeure_le)),
        ]

    def retour(self) -> str:
        """La fiche."""
        return reverse("manquement", args=[self.manquement.pk])

    def fil(self) -> Fil:
        """Les mises en demeure, puis la fiche."""
        return [("Mises en demeure", reverse("manquements")), ("Mise en demeure", self.retour())]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Donne la suite."""
        actes.donner_suite(
            acteur=self.request.acteur,
            manquement_id=self.manquement.pk,
            suite=donnees["suite"],
            le=donnees["le"],
            motif=donnees["motif"],
            reference=donnees["reference"],
            fichier=donnees["piece"],
        )
        return "Suite enregistrée."
