"""Exporter tout : l'archive que l'import relit, motivée et tracée parce qu'elle est nominative (RG-70)."""

from __future__ import annotations

from django import forms
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from conventions.models import Bailleur
from flux_reservations.acces.consultations import GenreConsultation, noter_consultation
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse
from flux_reservations.echanges.exportation import archiver
from flux_reservations.socle.journal import journaliser
from flux_reservations.socle.requete import Requete

CONTENU = (
    ("Patrimoine", "logements, situations datées, fiches du RPLS, droits en stock"),
    (
        "Conventions",
        "toutes les versions, leurs droits, leurs textes, leur fil, le carnet, les concertations, les mises en demeure",
    ),
    ("Flux", "libérations, orientations et candidats, séances et décisions, soldes d'ouverture, prévisions"),
    ("Preuves", "bilans publiés, registre des envois, demandes, pièces octet pour octet"),
)
"""Ce que l'archive contient, par famille."""


class FormulaireExport(forms.Form):
    """Pourquoi l'on exporte tout."""

    motif = forms.CharField(
        label="Motif de l'export",
        min_length=5,
        max_length=300,
        error_messages={"required": "Dites pourquoi vous exportez."},
        help_text="L'archive contient des numéros de demande : le motif est gardé avec votre nom et la date.",
    )


class ExporterTout(ReserveeMixin):
    """Motiver, puis recevoir l'archive au fil de sa lecture."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.RESPONSABLE

    def get(self, request: Requete) -> HttpResponse:
        """Ce que l'archive contient, et le motif à donner."""
        return self._montrer(request, FormulaireExport())

    def post(self, request: Requete) -> HttpResponseBase:
        """L'archive, une fois l'export noté au journal et au registre des consultations."""
        formulaire = FormulaireExport(request.POST)
        if not formulaire.is_valid():
            return self._montrer(request, formulaire, statut=422)
        bailleur = _noter(request.acteur, formulaire.cleaned_data["motif"])
        reponse = StreamingHttpResponse(archiver(bailleur), content_type="application/zip")
        nom = f"export-{bailleur.siren}-{timezone.localdate():%Y-%m-%d}.zip"
        reponse["Content-Disposition"] = f'attachment; filename="{nom}"'
        reponse["Cache-Control"] = "no-store"
        return reponse

    def _montrer(self, request: Requete, formulaire: forms.Form, statut: int = 200) -> HttpResponse:
        contexte = {
            "titre": "Exporter tout",
            "fil": [("Imports", reverse("imports"))],
            "form": formulaire,
            "contenu": CONTENU,
        }
        return render(request, "echanges/exporter_tout.html", contexte, status=statut)


def _noter(acteur: Acteur, motif: str) -> Bailleur:
    """Le bailleur de l'acteur, son export écrit au journal et au registre (RG-70, RG-71)."""
    with transaction.atomic():
        bailleur = Bailleur.objects.modifiables_par(acteur).filter(pk=acteur.organisme_id or 0).first()
        if bailleur is None:
            raise AccesRefuse
        noter_consultation(acteur, GenreConsultation.EXPORT, "conventions.bailleur", bailleur.siren, motif)
        journaliser(acteur=acteur, action="exporter_tout", objet=bailleur, organisme_id=bailleur.pk, motif=motif)
    return bailleur
