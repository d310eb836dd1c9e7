"""Publier toute une campagne : chaque document, ce qui le bloque, ce qui change ; on coche, la série fait confirmer (RG-60 à RG-63)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date

from bilans.actions.en_nombre import preparer_publications
from bilans.models import Bilan
from bilans.models.bilan import EtatBilan, GenreBilan
from bilans.views.bilans import pastille_de
from bilans.views.campagnes import lire_campagne
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.cles import lire_entier
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.droit.delais import echeance_du_bilan
from flux_reservations.series.models import GenreSerie, Serie
from flux_reservations.socle.presentation import Pastille, ecrire_jour_et_mois
from flux_reservations.socle.requete import Requete

POURQUOI_PAS = {
    EtatBilan.BROUILLON: "Pas encore produit : préparez-le.",
    EtatBilan.EN_PRODUCTION: "En production : revenez quand il sera prêt.",
    EtatBilan.PUBLIE: "Déjà publié.",
}
"""Pourquoi un document ne se coche pas ; l'échec dit sa propre erreur."""


@dataclass(frozen=True, slots=True)
class DocumentAPublier:
    """Une ligne de la page : le document, ce qui l'arrête, ce qu'il change."""

    bilan: Bilan
    pastille: Pastille
    bloquants: list[str]
    alertes: int
    changements: list[str]
    seance: str = ""

    @property
    def est_publiable(self) -> bool:
        """Vrai si la publication l'accepterait : il est prêt."""
        return self.bilan.etat == EtatBilan.PRET

    @property
    def est_coche(self) -> bool:
        """Coché d'avance : prêt, sans contrôle bloquant, et sa séance n'est pas à dater."""
        return self.est_publiable and not self.bloquants and not self.attend_une_seance

    @property
    def attend_une_seance(self) -> bool:
        """Vrai pour une présentation en CALEOL (RG-62)."""
        return self.bilan.genre == GenreBilan.CALEOL

    @property
    def pourquoi_pas(self) -> str:
        """Pourquoi il ne se coche pas, et que faire."""
        if self.bilan.etat == EtatBilan.ECHEC:
            return f"Production en échec : {self.bilan.erreur} Corrigez les données, puis refaites-le."
        return POURQUOI_PAS.get(EtatBilan(self.bilan.etat), "")


class PublierLaCampagne(ReserveeMixin):
    """Les documents d'une campagne, à cocher ; rien n'est publié avant la confirmation de la page suivante."""

    request: Requete
    natures = frozenset({Nature.BAILLEUR})
    role = Role.RESPONSABLE

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre chaque document."""
        return self._montrer(pk, request)

    def post(self, request: Requete, pk: int) -> HttpResponse:
        """Prépare la série et la montre."""
        campagne = lire_campagne(request, pk)
        choisis = [cle for cle in map(lire_entier, request.POST.getlist("document")) if cle is not None]
        try:
            serie = preparer_publications(
                acteur=request.acteur,
                campagne_id=campagne.pk,
                bilans=choisis,
                seances={cle: _lire_date(request.POST.get(f"seance-{cle}", "")) for cle in choisis},
            )
        except AccesRefuse:
            raise
        except ErreurMetier as erreur:
            messages.error(request, erreur.message)
            return self._montrer(pk, request, statut=422)
        return HttpResponseRedirect(reverse("serie", args=[serie.pk]))

    def _montrer(self, pk: int, request: Requete, statut: int = 200) -> HttpResponse:
        campagne = lire_campagne(request, pk)
        lignes = [_presenter(bilan) for bilan in lire_documents(request, campagne.pk)]
        contexte = {
            "titre": f"Publier la campagne {campagne.annee}",
            "fil": [
                ("Bilans", reverse("bilans")),
                ("Campagnes", reverse("campagnes")),
                (f"Campagne {campagne.annee}", reverse("campagne", args=[campagne.pk])),
            ],
            "campagne": campagne,
            "lignes": lignes,
            "echeance": ecrire_jour_et_mois(echeance_du_bilan(campagne.annee)),
            "publiables": sum(ligne.est_publiable for ligne in lignes),
            "series": Serie.objects.visibles_par(request.acteur)
            .filter(genre=GenreSerie.PUBLICATION, cadre=str(campagne.pk))
            .a_rappeler(timezone.now()),
        }
        return render(request, "bilans/publier_la_campagne.html", contexte, status=statut)


def lire_documents(request: Requete, campagne: int) -> Any:
    """Les documents de la campagne, leurs seuls contrôles tirés de leurs données."""
    return (
        Bilan.objects.visibles_par(request.acteur)
        .filter(campagne_id=campagne)
        .annotate(controles=F("donnees__flux__controles"))
        .select_related("departement", "remplace")
        .defer("donnees", "remplace__donnees")
        .order_by("departement__nom", "genre")
    )


def _presenter(bilan: Any) -> DocumentAPublier:
    controles = bilan.controles or []
    return DocumentAPublier(
        bilan,
        pastille_de(bilan),
        [un["message"] for un in controles if un["niveau"] == "bloquant"],
        sum(un["niveau"] == "alerte" for un in controles),
        bilan.ce_qui_change.splitlines(),
    )


def _lire_date(texte: str) -> date | None:
    try:
        return parse_date(texte)
    except ValueError:
        return None
