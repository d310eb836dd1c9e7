"""Exporter tout : motiver, suivre l'archive, la télécharger (RG-70)."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.echanges.export_complet import actions
from flux_reservations.echanges.export_complet.modeles import A_FAIRE, GARDE, EtatExport, ExportComplet
from flux_reservations.socle.presentation import Pastille, type_de_ton
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
TONS: dict[str, type_de_ton] = {
    EtatExport.DEMANDE: "information",
    EtatExport.EN_COURS: "information",
    EtatExport.PRET: "succes",
    EtatExport.ECHOUE: "danger",
    EtatExport.EFFACE: "neutre",
}
MONTRES = 10


class FormulaireExport(forms.Form):
    """Pourquoi l'on exporte tout."""

    motif = forms.CharField(
        label="Motif de l'export",
        min_length=5,
        max_length=300,
        error_messages={"required": "Dites pourquoi vous exportez."},
        help_text="L'archive contient des numéros de demande : le motif est gardé avec votre nom et la date.",
    )


class PourResponsable(ReserveeMixin):
    """Réservé au responsable d'un bailleur."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.RESPONSABLE


class ExporterTout(PourResponsable):
    """Motiver un export, suivre celui qui se fait, retrouver ceux d'avant."""

    def get(self, request: Requete) -> HttpResponse:
        """La page ; en htmx, le suivi seul."""
        if request.htmx and not request.htmx.boosted:
            contexte = self._suivi(request)
            reponse = render(request, "echanges/suivi_export.html", contexte)
            if contexte["en_cours"] is None:
                reponse["HX-Refresh"] = "true"
            return reponse
        return self._montrer(request, FormulaireExport())

    def post(self, request: Requete) -> HttpResponse:
        """Demande l'archive."""
        formulaire = FormulaireExport(request.POST)
        if not formulaire.is_valid():
            return self._montrer(request, formulaire, statut=422)
        actions.demander_export(acteur=request.acteur, motif=formulaire.cleaned_data["motif"])
        messages.success(request, "Export demandé : vous serez prévenu par courriel quand l'archive sera prête.")
        return HttpResponseRedirect(reverse("exporter_tout"))

    def _suivi(self, request: Requete) -> dict[str, object]:
        return {"en_cours": ExportComplet.objects.visibles_par(request.acteur).filter(etat__in=A_FAIRE).first()}

    def _montrer(self, request: Requete, formulaire: forms.Form, statut: int = 200) -> HttpResponse:
        exports = ExportComplet.objects.visibles_par(request.acteur).select_related("demande_par")
        gardes = set(exports.telechargeables(timezone.now()).values_list("pk", flat=True))
        contexte = self._suivi(request) | {
            "titre": "Exporter tout",
            "fil": [("Imports", reverse("imports"))],
            "form": formulaire,
            "contenu": CONTENU,
            "jours": GARDE.days,
            "exports": [
                (un, Pastille(un.get_etat_display(), TONS[un.etat]), un.pk in gardes)
                for un in exports.exclude(etat__in=A_FAIRE)[:MONTRES]
            ],
        }
        return render(request, "echanges/exporter_tout.html", contexte, status=statut)


class TelechargerExport(PourResponsable):
    """Recevoir l'archive ; chaque téléchargement est noté."""

    def get(self, request: Requete, pk: int) -> HttpResponseBase:
        """L'archive, au fil de la lecture."""
        export, morceaux = actions.ouvrir_export(acteur=request.acteur, export_id=pk)
        reponse = StreamingHttpResponse(morceaux, content_type="application/zip")
        reponse["Content-Disposition"] = f'attachment; filename="{export.nom_du_fichier}"'
        reponse["Content-Length"] = str(export.taille)
        reponse["Cache-Control"] = "no-store"
        return reponse
