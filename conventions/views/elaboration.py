"""Élaborer une convention, étape par étape : brouillon, modalités, contrôles (ecrans.md, bailleur 5)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from conventions.actions import brouillons
from conventions.chargement_brouillon import controler_brouillon
from conventions.chargement_preparation import charger_preparation
from conventions.chargement_texte import empreinte_de, gabarit_courant
from conventions.domaine.codes import EtatConvention
from conventions.forms import (
    FormulaireBrouillon,
    FormulaireModalites,
)
from conventions.models import Convention
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.actes import VueActe
from flux_reservations.socle.presentation import Etape, Fil, ecrire_date, ecrire_taux
from flux_reservations.socle.requete import Requete


def lire_convention(request: Requete, pk: int) -> Convention:
    """Une convention que l'acteur voit ; lève `Introuvable` sinon."""
    convention = (
        Convention.objects.visibles_par(request.acteur)
        .select_related("bailleur", "reservataire", "departement", "avenant_de")
        .filter(pk=pk)
        .first()
    )
    if convention is None:
        raise Introuvable
    return convention


def etapes_de(convention: Convention, courante: str) -> list[Etape]:
    """Le parcours d'élaboration : modalités, droits, contrôles, proposition, signature."""
    a_des_droits = convention.droits.exists()
    return [
        Etape(
            "Modalités",
            faite=courante != "modalites",
            courante=courante == "modalites",
            adresse=reverse("modalites", args=[convention.pk]),
        ),
        Etape(
            "Droits",
            faite=a_des_droits and courante != "droits",
            courante=courante == "droits",
            adresse=reverse("droits", args=[convention.pk]),
        ),
        Etape(
            "Contrôles",
            faite=False,
            courante=courante == "controles",
            adresse=reverse("controler_convention", args=[convention.pk]),
        ),
        Etape("Proposition", faite=convention.etat != EtatConvention.BROUILLON, courante=courante == "proposition"),
        Etape("Signature", faite=convention.etat == EtatConvention.SIGNEE, courante=courante == "signature"),
    ]


class CreerConvention(ReserveeMixin, VueActe):
    """Ouvrir un brouillon."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    titre = "Préparer une convention"
    bouton = "Créer le brouillon"
    creee: Convention | None = None

    def preparer(self, **cles: Any) -> None:
        """Rien à lire."""

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Réservataires, départements et modèles de l'acteur."""
        demande = {nom: self.request.GET.get(nom) for nom in ("reservataire", "departement")}
        return FormulaireBrouillon(donnees, acteur=self.request.acteur, initial=demande)

    def retour(self) -> str:
        """Les modalités du brouillon créé ; sinon la liste."""
        return reverse("modalites", args=[self.creee.pk]) if self.creee else reverse("conventions")

    def fil(self) -> Fil:
        """Conventions."""
        return [("Conventions", reverse("conventions"))]

    def executer(self, donnees: dict[str, Any]) -> str:
        """Crée le brouillon, ses droits préremplis si on le demande."""
        bailleur_id, departement_id = self.request.acteur.organisme, donnees["departement"].pk
        preparation = (
            charger_preparation(bailleur_id, departement_id, timezone.localdate()) if donnees["preremplir"] else None
        )
        self.creee = brouillons.creer_brouillon(
            acteur=self.request.acteur,
            bailleur_id=bailleur_id,
            reservataire_id=donnees["reservataire"].pk,
            departement_id=departement_id,
            numero=donnees["numero"],
            modele_id=donnees["modele"].pk if donnees["modele"] else None,
            lignes=preparation.droits_de(donnees["reservataire"]) if preparation else (),
        )
        return f"Brouillon {self.creee.numero} créé."


class ActeConvention(ReserveeMixin, VueActe):
    """Un acte du bailleur sur une convention."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE
    convention: Convention

    def preparer(self, **cles: Any) -> None:
        """Lit la convention dans ce que l'acteur voit."""
        self.convention = lire_convention(self.request, cles["pk"])

    def retour(self) -> str:
        """La fiche de la convention."""
        return reverse("convention", args=[self.convention.pk])

    def fil(self) -> Fil:
        """Conventions, puis la fiche."""
        return [
            ("Conventions", reverse("conventions")),
            (f"Convention {self.convention.numero}", reverse("convention", args=[self.convention.pk])),
        ]

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Les parties, l'effet, les droits."""
        convention = self.convention
        droits = convention.droits.all()
        return [
            ("Réservataire", convention.reservataire.nom),
            ("Département", str(convention.departement)),
            ("Droits", " + ".join(ecrire_taux(droit.taux) for droit in droits) or "aucun"),
            ("Effet", ecrire_date(convention.date_effet) if convention.date_effet else "à la signature"),
        ]


class ModifierModalites(ActeConvention):
    """Première étape : gestion, délais, décompte, report."""

    titre = "Modalités"
    bouton = "Enregistrer et passer aux droits"
    gabarit = "conventions/etape.html"

    def creer_formulaire(self, donnees: Any = None) -> forms.Form:
        """Les modalités du brouillon ; celles de l'État en ont de plus."""
        return FormulaireModalites(
            donnees,
            acteur=self.request.acteur,
            est_etat=self.convention.reservataire.est_etat,
            initial=self._initial(),
        )

    def _initial(self) -> dict[str, Any]:
        autres = {"delegataire", "gabarit"}
        champs = [nom for nom in FormulaireModalites.base_fields if nom not in autres]
        gabarit = gabarit_courant(self.convention)
        return {nom: getattr(self.convention, nom) for nom in champs} | {
            "delegataire": self.convention.delegataire_id,
            "gabarit": gabarit.pk if gabarit else None,
        }

    def recapitulatif(self) -> list[tuple[str, object]]:
        """Le réservataire."""
        return [("Réservataire", self.convention.reservataire.nom)]

    def retour(self) -> str:
        """L'étape suivante, une fois enregistré ; la fiche sinon."""
        return reverse("droits" if self.request.method == "POST" else "convention", args=[self.convention.pk])

    def executer(self, donnees: dict[str, Any]) -> str:
        """Enregistre."""
        formulaire = self.creer_formulaire(self.request.POST)
        formulaire.is_valid()
        assert isinstance(formulaire, FormulaireModalites)  # noqa: S101 : créé deux lignes plus haut
        brouillons.modifier_modalites(
            acteur=self.request.acteur, convention_id=self.convention.pk, changements=formulaire.changements()
        )
        return "Modalités enregistrées."


class ControlerConvention(ReserveeMixin):
    """Troisième étape : ce que la signature vérifiera, dit d'avance (RG-14, RG-15, RG-18)."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre les contrôles."""
        convention = lire_convention(request, pk)
        contexte = {
            "titre": "Contrôles",
            "fil": [
                ("Conventions", reverse("conventions")),
                (f"Convention {convention.numero}", reverse("convention", args=[pk])),
            ],
            "convention": convention,
            "controles": controler_brouillon(convention),
            "refus": "",
            "incomplet": False,
            "empreinte": empreinte_de(convention),
            "etapes": etapes_de(convention, "controles"),
            "peut_agir": Convention.objects.modifiables_par(request.acteur).filter(pk=pk).exists(),
        }
        return render(request, "conventions/controles.html", contexte)
