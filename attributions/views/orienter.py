"""À orienter : le lot qui attend, chaque proposition et sa phrase ; on suit, on choisit, on exclut (ecrans.md, bailleur 2)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from attributions.actions import orienter as actions
from attributions.actions.lot import reviser_le_lot
from attributions.chargement.a_orienter import LogementAOrienter, charger_logements_a_orienter
from attributions.chargement.comptes import Comptes, etablir_le_lot, noms_des_reservataires
from attributions.chargement.derogations import Derogation, cumuler_les_derogations
from attributions.chargement.publics import avec_leur_nom, dire_les_retards, mesurer_les_publics
from attributions.domaine.codes import nommer_compte
from attributions.domaine.faits_moteur import U
from attributions.forms import ChampMotif
from attributions.views.actes_liberation import ActeLiberation, adresse_du_lot, lire_liberation
from conventions.models import Bailleur, Logement
from flux_reservations.acces.portefeuilles import lire_secteur, secteurs_proposes
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.cles import lire_entier
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.exports import repondre_csv, repondre_xlsx
from flux_reservations.socle.formulaires import proposer
from flux_reservations.socle.presentation import Fil, compter, dire_solde
from flux_reservations.socle.requete import Requete

RACCOURCIS = [
    ("Entrée", "suivre la proposition"),
    ("a", "choisir un autre compte"),
    ("x", "exclure du flux"),
    ("r", "retirer la libération"),
]


def lire_comptes(request: Requete) -> tuple[Comptes, list[tuple[str, str]]]:
    """Les comptes que l'adresse désigne (département, année) et les départements qu'on peut choisir."""
    bailleur = Bailleur.objects.visibles_par(request.acteur).filter(pk=request.acteur.organisme_id or 0).first()
    if bailleur is None:
        raise Introuvable
    departements = Logement.objects.visibles_par(request.acteur).par_departement()
    codes = [code for code, _ in departements]
    demande = request.GET.get("departement", "") or request.POST.get("departement", "")
    departement = demande if demande in codes else (codes[0] if codes else "")
    cette_annee = timezone.localdate().year
    annee = request.GET.get("annee", "") or request.POST.get("annee", "")
    return Comptes(
        bailleur, departement, cette_annee + 1 if annee == str(cette_annee + 1) else cette_annee
    ), departements


def charger_le_lot(comptes: Comptes) -> tuple[list[LogementAOrienter], tuple[Derogation, ...]]:
    """Le lot d'aujourd'hui et les dérogations de l'année, calculés des faits : rien n'est écrit."""
    aujourd_hui = timezone.localdate()
    chargee, vivant = etablir_le_lot(comptes, aujourd_hui)
    logements = charger_logements_a_orienter(
        comptes.bailleur, vivant, dict(chargee.liberations), aujourd_hui, timezone.now()
    )
    return logements, cumuler_les_derogations(chargee, aujourd_hui)


def garder_le_secteur(request: Requete, logements: list[LogementAOrienter]) -> list[LogementAOrienter]:
    """Ceux du secteur que désigne l'adresse ; tous sans secteur. Le lot, lui, se calcule toujours entier."""
    secteur = lire_secteur(request.acteur, request.GET.get("secteur", ""), timezone.localdate())
    if secteur is None:
        return logements
    return [
        un for un in logements if secteur.contient(un.liberation.logement.secteur, un.liberation.logement.commune_id)
    ]


class AOrienter(ReserveeMixin):
    """Le lot des libérations qui attendent."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete) -> HttpResponseBase:
        """Montre le lot ; ce qui a changé depuis hier est dit. `?export=csv|xlsx` : le lot, avec son secteur."""
        comptes, departements = lire_comptes(request)
        logements, derogations = charger_le_lot(comptes) if comptes.departement else ([], ())
        publics = mesurer_les_publics(comptes.bailleur.pk, timezone.localdate(), comptes.departement)
        retards = dire_les_retards(publics)
        logements = [replace(un, publics=retards.get(un.ligne.compte, "")) for un in logements]
        logements = garder_le_secteur(request, logements)
        contexte = {
            "titre": "À orienter",
            "comptes": comptes,
            "annees": [timezone.localdate().year, timezone.localdate().year + 1],
            "departements": departements,
            "logements": logements,
            "derogations": derogations,
            "publics": avec_leur_nom(publics) if logements else [],
            "changees": [un for un in logements if un.changee_le or un.ligne.a_change],
            "nouvelles": sum(un.ligne.est_nouvelle for un in logements),
            "peut_agir": request.acteur.peut(Role.GESTIONNAIRE),
            "raccourcis": RACCOURCIS,
            "secteurs": secteurs_proposes(request.acteur, timezone.localdate()),
            "secteur_choisi": request.GET.get("secteur", ""),
        }
        if (genre := request.GET.get("export")) in {"csv", "xlsx"}:
            repondre = repondre_csv if genre == "csv" else repondre_xlsx
            return repondre("a_orienter", ENTETES_DU_LOT, map(decrire_le_logement, logements))
        return render(request, "attributions/a_orienter.html", contexte)


ENTETES_DU_LOT = (
    "liberation", "logement", "commune", "typologie", "date_disponibilite", "jours de vacance", "compte", "phrase", "eligibles",
)  # fmt: skip
"""Colonnes de l'export de « À orienter » ; les noms d'un fichier y sont ceux des fichiers d'import."""


def decrire_le_logement(un: LogementAOrienter) -> tuple[object, ...]:
    """Une ligne de l'export : le logement, ce que le moteur propose et pourquoi, les comptes éligibles."""
    liberation, logement = un.liberation, un.liberation.logement
    return (
        liberation.numero,
        logement.identifiant,
        logement.commune_id,
        logement.typologie,
        liberation.date_disponibilite,
        un.vacance or None,
        un.ligne.compte,
        un.ligne.phrase,
        ", ".join(eligible.compte for eligible in un.ligne.eligibles),
    )


class ReviserLeLot(ReserveeMixin):
    """Déposer le lot d'aujourd'hui : les propositions sont gardées, leurs changements seront dits."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    http_method_names = ["post"]  # noqa: RUF012 : attribut d'instance chez Django

    def post(self, request: Requete) -> HttpResponse:
        """Dépose et dit ce qui a changé."""
        comptes, _ = lire_comptes(request)
        lot = reviser_le_lot(
            acteur=request.acteur,
            bailleur_id=comptes.bailleur.pk,
            departement=comptes.departement,
            annee=comptes.annee,
            le=timezone.localdate(),
            cause="revue demandée",
        )
        nouvelles, changees = (
            compter(lot.nouvelles, "proposition nouvelle", "propositions nouvelles"),
            compter(lot.changees, "changée"),
        )
        messages.success(request, f"Lot à jour : {nouvelles}, {changees}.")
        return HttpResponseRedirect(adresse_du_lot(comptes))


class Suivre(ReserveeMixin):
    """Suivre la proposition d'une libération, en une touche."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    http_method_names = ["post"]  # noqa: RUF012 : attribut d'instance chez Django

    def post(self, request: Requete, pk: int) -> HttpResponse:
        """Décide si ce que l'agent a vu est encore vrai ; sinon le dit."""
        liberation = lire_liberation(request, pk)
        retour = adresse_du_lot(Comptes.d_une_liberation(liberation, timezone.localdate()))
        try:
            orientation = actions.orienter(
                acteur=request.acteur, liberation_id=pk, le=timezone.localdate(), vu=request.POST.get("vu", "")
            )
        except (AccesRefuse, Introuvable):
            raise
        except ErreurMetier as erreur:
            messages.error(request, erreur.message)
        else:
            messages.success(
                request,
                f"{liberation.numero} est orientée vers « {orientation.nom_du_compte} ». Vous pouvez revenir en arrière tant que rien "
                "n'est notifié.",
            )
        return HttpResponseRedirect(retour)


class ToutSuivre(ReserveeMixin, VueActe):
    """Suivre d'un coup toutes les propositions du lot."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    titre = "Suivre toutes les propositions"
    bouton = "Suivre toutes les propositions"
    gabarit = "attributions/tout_suivre.html"
    ton = "danger"
    comptes: Comptes
    logements: list[LogementAOrienter]

    def preparer(self, **cles: Any) -> None:
        """Lit le lot d'aujourd'hui."""
        self.comptes, _ = lire_comptes(self.request)
        self.logements = garder_le_secteur(
            self.request, charger_le_lot(self.comptes)[0] if self.comptes.departement else []
        )

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Ce que l'agent a sous les yeux : `numéro=compte`, une ligne par libération."""
        vus = "\n".join(f"{un.liberation.pk}={un.ligne.compte}" for un in self.logements)
        return FormulaireVus(
            donnees, initial={"vus": vus, "departement": self.comptes.departement, "annee": self.comptes.annee}
        )

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Combien de logements vont à chacun."""
        par_compte: dict[str, int] = {}
        for un in self.logements:
            par_compte[un.ligne.compte] = par_compte.get(un.ligne.compte, 0) + 1
        return [(compte, compter(nombre, "logement")) for compte, nombre in sorted(par_compte.items())]

    def avertissement(self) -> str:
        """Ce que l'acte engage."""
        return f"{compter(len(self.logements), 'logement')} : tous seront orientés, ou aucun si une proposition a changé entre-temps."

    def retour(self) -> str:
        """Le lot."""
        return adresse_du_lot(self.comptes)

    def fil(self) -> Fil:
        """À orienter."""
        return [("À orienter", self.retour())]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Décide tout le lot."""
        orientations = actions.suivre_les_propositions(
            acteur=self.request.acteur, vus=donnees["vus"], le=timezone.localdate()
        )
        return f"{compter(len(orientations), 'logement orienté', 'logements orientés')}."


class FormulaireVus(forms.Form):
    """Les propositions telles qu'elles étaient à l'écran."""

    vus = forms.CharField(widget=forms.HiddenInput)
    departement = forms.CharField(widget=forms.HiddenInput)
    annee = forms.CharField(widget=forms.HiddenInput)

    def clean_vus(self) -> dict[int, str]:
        """Par libération, le compte vu."""
        vus: dict[int, str] = {}
        for ligne in self.cleaned_data["vus"].split():
            texte, _, compte = ligne.partition("=")
            cle = lire_entier(texte)
            if cle is None or not compte:
                raise forms.ValidationError("La page est périmée : relisez la liste, puis recommencez.")
            vus[cle] = compte
        return vus


class FormulaireAutreCompte(forms.Form):
    """Le compte choisi au lieu du compte proposé, et pourquoi."""

    compte = forms.ChoiceField(label="Orienter vers", widget=forms.RadioSelect)
    motif = ChampMotif(label="Pourquoi ce compte plutôt que le compte proposé ?")
    vu = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, choix: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        proposer(self, "compte", choix)


class ChoisirUnAutreCompte(ActeLiberation):
    """Choisir un autre compte éligible, avec un motif (RG-41)."""

    titre = "Choisir un autre compte"
    bouton = "Orienter"
    propose: str
    noms: dict[str, str]
    choix: list[tuple[str, str]]

    def preparer(self, **cles: Any) -> None:
        """Lit la libération, sa proposition et ses comptes éligibles d'aujourd'hui."""
        super().preparer(**cles)
        comptes = Comptes.d_une_liberation(self.liberation, timezone.localdate())
        _, vivant = etablir_le_lot(comptes, timezone.localdate())
        ligne = next((une for une in vivant.lignes() if une.numero == self.liberation.numero), None)
        if ligne is None:
            raise ErreurMetier("hors_du_lot", "Cette libération n'est pas à orienter.", regle="RG-41")
        self.propose = ligne.compte
        self.noms = noms_des_reservataires([ligne.compte, *(un.compte for un in ligne.du_moment)])
        self.choix = [
            (un.compte, f"{nommer_compte(un.compte, self.noms)} ({dire_solde(Fraction(un.retard, U))})")
            for un in ligne.du_moment
            if un.compte != ligne.compte
        ]

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Les autres comptes éligibles."""
        return FormulaireAutreCompte(donnees, choix=self.choix, initial={"vu": self.propose})

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le logement et la proposition écartée."""
        return [*super().recapitulatif(), ("Proposé par le moteur", nommer_compte(self.propose, self.noms))]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Décide, avec le motif."""
        orientation = actions.orienter(
            acteur=self.request.acteur,
            liberation_id=self.liberation.pk,
            le=timezone.localdate(),
            vu=donnees["vu"],
            compte=donnees["compte"],
            motif=donnees["motif"],
        )
        propose = nommer_compte(self.propose, self.noms)
        return (
            f"{self.liberation.numero} est orientée vers « {orientation.nom_du_compte} », à la place de « {propose} »."
        )
