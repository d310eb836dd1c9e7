"""Les lignes de droit d'un brouillon : saisir, et voir en direct ce que la signature en dirait (RG-11, RG-13, RG-14)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import formset_factory
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from conventions.actions import brouillons
from conventions.chargement_brouillon import controler_brouillon, controler_saisie
from conventions.domaine.saisie import LigneSaisie
from conventions.forms import FormulaireDroit, territoires_du_departement
from conventions.models import Convention, Droit
from conventions.views.elaboration import etapes_de, lire_convention
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable
from flux_reservations.socle.requete import Requete

LIGNES_VIDES = 2
"""Lignes de droit offertes en plus de celles qui existent."""


class ModifierDroits(ReserveeMixin):
    """Deuxième étape : les lignes de droit."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre les lignes et deux lignes vides."""
        convention = lire_convention(request, pk)
        return _montrer(request, convention, lignes_de(convention))

    def post(self, request: Requete, pk: int) -> HttpResponse:
        """Remplace les lignes, ou dit pourquoi elles sont impossibles."""
        convention = lire_convention(request, pk)
        lignes = lignes_de(convention, request.POST)
        if not lignes.is_valid():
            return _montrer(request, convention, lignes, statut=422)
        try:
            brouillons.remplacer_droits(acteur=request.acteur, convention_id=pk, lignes=saisies_de(lignes))
        except (AccesRefuse, Introuvable):
            raise
        except ErreurMetier as erreur:
            messages.error(request, f"{erreur.message} ({erreur.regle})" if erreur.regle else erreur.message)
            return _montrer(request, convention, lignes, statut=422)
        messages.success(request, "Droits enregistrés.")
        return HttpResponseRedirect(reverse("controler_convention", args=[pk]))


class VerifierDroits(ReserveeMixin):
    """Pendant la saisie : ce que la signature dirait de ces lignes, sans rien écrire (RG-14)."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE

    def post(self, request: Requete, pk: int) -> HttpResponse:
        """Le fragment des contrôles."""
        convention = lire_convention(request, pk)
        lignes = lignes_de(convention, request.POST)
        contexte: dict[str, Any] = {"convention": convention, "controles": [], "refus": "", "incomplet": False}
        if not lignes.is_valid():
            contexte["incomplet"] = True
        else:
            saisies = saisies_de(lignes)
            try:
                brouillons.verifier_lignes(convention, saisies)
                contexte["controles"] = controler_saisie(convention, saisies)
            except ErreurMetier as erreur:
                contexte["refus"] = f"{erreur.message} ({erreur.regle})" if erreur.regle else erreur.message
        return render(request, "conventions/_controles.html", contexte)


def lignes_de(convention: Convention, donnees: Any = None) -> Any:
    """Le formulaire des lignes, lié ou non."""
    choix = territoires_du_departement(convention.departement_id)
    fabrique = formset_factory(FormulaireDroit, extra=LIGNES_VIDES)
    droits = convention.droits.prefetch_related("perimetre", "assiette")
    return fabrique(
        donnees, initial=[_initial(droit) for droit in droits], form_kwargs={"territoires": choix}, prefix="droit"
    )


def saisies_de(lignes: Any) -> list[LigneSaisie]:
    """Les lignes commencées d'un formulaire valide."""
    return [ligne.ligne() for ligne in lignes if FormulaireDroit.est_commencee(ligne.cleaned_data)]


def _montrer(request: Requete, convention: Convention, lignes: Any, statut: int = 200) -> HttpResponse:
    contexte = {
        "titre": "Droits",
        "fil": [
            ("Conventions", reverse("conventions")),
            (f"Convention {convention.numero}", reverse("convention", args=[convention.pk])),
        ],
        "convention": convention,
        "lignes": lignes,
        "etapes": etapes_de(convention, "droits"),
        "controles": controler_brouillon(convention),
        "refus": "",
        "incomplet": False,
    }
    return render(request, "conventions/droits.html", contexte, status=statut)


def _initial(droit: Droit) -> dict[str, Any]:
    return {
        "contrepartie": droit.contrepartie,
        "sous_contingent": droit.sous_contingent,
        "taux": droit.taux,
        "perimetre": [territoire.pk for territoire in droit.perimetre.all()],
        "assiette": [territoire.pk for territoire in droit.assiette.all()],
        "montant_garanti": droit.montant_garanti,
    }
