"""Répondre à une personne qui demande ce qu'on a d'elle : recherche motivée par numéro de demande, notée, exportable (RG-70)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views import View

from attributions.actions.vie_privee import donnees_d_un_demandeur
from flux_reservations.acces.reserve import LECTEURS_DE_DROITS, ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.socle.requete import Requete


class FormulaireDemandeur(forms.Form):
    """Le numéro de la demande et le motif de la recherche."""

    numero_demande = forms.CharField(label="Numéro unique de la demande", max_length=40)
    motif = forms.CharField(
        label="Motif de la consultation", max_length=300, help_text="Il est gardé avec votre nom et la date."
    )


class DonneesDUnDemandeur(ReserveeMixin, View):
    """Chercher, montrer, exporter."""

    natures = frozenset({Nature.BAILLEUR}) | LECTEURS_DE_DROITS
    role = Role.GESTIONNAIRE

    def get(self, request: Requete) -> HttpResponse:
        """Le formulaire."""
        return self._montrer(request, FormulaireDemandeur())

    def post(self, request: Requete) -> HttpResponseBase:
        """La recherche, montrée ou rendue en JSON (`export`)."""
        formulaire = FormulaireDemandeur(request.POST)
        if not formulaire.is_valid():
            return self._montrer(request, formulaire, statut=422)
        try:
            lignes = donnees_d_un_demandeur(acteur=request.acteur, **formulaire.cleaned_data)
        except AccesRefuse:
            raise
        except ErreurMetier as erreur:
            formulaire.add_error(erreur.champ or None, erreur.message)
            return self._montrer(request, formulaire, statut=422)
        if "export" in request.POST:
            reponse = JsonResponse({"demande": formulaire.cleaned_data["numero_demande"], "lignes": lignes})
            reponse["Content-Disposition"] = 'attachment; filename="donnees-d-un-demandeur.json"'
            return reponse
        return self._montrer(request, formulaire, lignes)

    def _montrer(
        self, request: Requete, formulaire: forms.Form, lignes: list[dict[str, Any]] | None = None, statut: int = 200
    ) -> HttpResponse:
        contexte = {
            "titre": "Données d'un demandeur",
            "form": formulaire,
            "cherche": lignes is not None,
            "entetes": list(lignes[0]) if lignes else [],
            "lignes": [list(ligne.values()) for ligne in lignes or []],
        }
        return render(request, "attributions/donnees_d_un_demandeur.html", contexte, status=statut)
