"""Aujourd'hui : la pile de travail du bailleur, pas un musée de chiffres (ecrans.md, bailleur 1)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from attributions.chargement.pile import charger_pile
from bilans.echeances import charger_echeances
from flux_reservations.acces.portefeuilles import lire_secteur, secteurs_proposes
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature
from flux_reservations.series.models import Serie
from flux_reservations.socle.presentation import ecrire_date
from flux_reservations.socle.requete import Requete

DEJA_DANS_LA_PILE = frozenset({"RG-43", "RG-46"})
"""Séances et délais de présentation : la pile les montre."""


class Aujourdhui(ReserveeMixin):
    """Ce qui attend l'agent ce matin, le plus pressé d'abord."""

    natures = frozenset({Nature.BAILLEUR})

    def get(self, request: Requete) -> HttpResponse:
        """Montre la pile et les échéances des mois qui viennent."""
        aujourd_hui = timezone.localdate()
        secteurs = secteurs_proposes(request.acteur, aujourd_hui)
        defaut = "moi" if secteurs and secteurs[0][0] == "moi" else ""
        choix = request.GET.get("secteur", defaut)
        contexte = {
            "titre": "Aujourd'hui",
            "jour": ecrire_date(aujourd_hui),
            "pile": charger_pile(request.acteur, aujourd_hui, secteur=lire_secteur(request.acteur, choix, aujourd_hui)),
            "series": Serie.objects.visibles_par(request.acteur).a_rappeler(timezone.now()),
            "secteurs": secteurs,
            "secteur_choisi": choix,
            "obligations": [
                une for une in charger_echeances(request.acteur, aujourd_hui) if une.regle not in DEJA_DANS_LA_PILE
            ],
        }
        return render(request, "bilans/aujourdhui.html", contexte)
