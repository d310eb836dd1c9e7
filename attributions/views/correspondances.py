"""Les exports vers SNE, SYPLO et AL'in : nominatifs, donc motivés et tracés (RG-70)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views import View

from attributions.chargement.correspondances import COLONNES, Systeme, ecrire_les_lignes, lire_les_candidats
from attributions.forms import ChampDate
from flux_reservations.acces.consultations import GenreConsultation, noter_consultation
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.socle.exports import repondre_csv, repondre_xlsx
from flux_reservations.socle.requete import Requete


class FormulaireCorrespondance(forms.Form):
    """Le système, la période, et pourquoi l'on exporte."""

    systeme = forms.ChoiceField(
        label="Système", choices=[(un.value, un.libelle) for un in Systeme], widget=forms.RadioSelect
    )
    du = ChampDate(label="Du")
    au = ChampDate(label="Au (inclus)")
    motif = forms.CharField(
        label="Motif de l'export",
        max_length=300,
        help_text="L'export contient des numéros de demande : le motif est gardé avec votre nom et la date.",
    )

    def clean(self) -> dict[str, Any]:
        """Une période dans l'ordre."""
        donnees: dict[str, Any] = super().clean() or {}
        if donnees.get("du") and donnees.get("au") and donnees["au"] < donnees["du"]:
            self.add_error("au", "La fin précède le début : échangez les deux dates.")
        return donnees


class Correspondances(ReserveeMixin, View):
    """Choisir un export, le motiver, le recevoir."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE

    def get(self, request: Requete) -> HttpResponse:
        """Le formulaire, sur le mois qui vient de passer."""
        aujourd_hui = timezone.localdate()
        initial = {"systeme": Systeme.SNE.value, "du": aujourd_hui - timedelta(days=30), "au": aujourd_hui}
        return self._montrer(request, FormulaireCorrespondance(initial=initial))

    def post(self, request: Requete) -> HttpResponseBase:
        """L'export, une fois sa lecture notée."""
        formulaire = FormulaireCorrespondance(request.POST)
        if not formulaire.is_valid():
            return self._montrer(request, formulaire, statut=422)
        lu = formulaire.cleaned_data
        systeme = Systeme(lu["systeme"])
        cle = f"{systeme.value} {lu['du']:%Y-%m-%d} {lu['au']:%Y-%m-%d}"
        noter_consultation(request.acteur, GenreConsultation.EXPORT, "attributions.candidat", cle, lu["motif"])
        repondre = repondre_xlsx if "xlsx" in request.POST else repondre_csv
        candidats = lire_les_candidats(request.acteur, systeme, lu["du"], lu["au"])
        entetes = [colonne.entete for colonne in COLONNES[systeme]]
        return repondre(f"export-{systeme.value}", entetes, ecrire_les_lignes(systeme, candidats))

    def _montrer(self, request: Requete, formulaire: forms.Form, statut: int = 200) -> HttpResponse:
        contexte = {
            "titre": "Exports SNE, SYPLO, AL'in",
            "form": formulaire,
            "systemes": [(un.libelle, [colonne.entete for colonne in COLONNES[un]]) for un in Systeme],
        }
        return render(request, "attributions/correspondances.html", contexte, status=statut)
