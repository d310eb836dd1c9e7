"""Les courriels de la démonstration, lus à l'écran : rien n'est sorti de la machine."""

from __future__ import annotations

import re
from typing import ClassVar

import django_filters
from django import forms
from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views import View

from flux_reservations.notifications.models import Courriel
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Colonne, VueListe

_LIEN = re.compile(r"^https?://\S+$")


class DemonstrationSeulement(View):
    """Introuvable hors de la démonstration."""

    def setup(self, request: Requete, *args: object, **kwargs: object) -> None:  # type: ignore[override]  # requête annotée
        """Refuse avant tout."""
        super().setup(request, *args, **kwargs)
        if not settings.DEMO:
            raise Http404


class FiltreCourriels(django_filters.FilterSet):
    """Recherche dans les courriels."""

    q = django_filters.CharFilter(label="Rechercher", method="chercher", widget=forms.SearchInput)

    class Meta:
        model = Courriel
        fields: ClassVar[list[str]] = []

    def chercher(self, courriels: QuerySet[Courriel], nom: str, valeur: str) -> QuerySet[Courriel]:
        """Objet ou destinataire."""
        del nom
        return courriels.filter(Q(objet__icontains=valeur) | Q(destinataires__icontains=valeur))


class Courriels(DemonstrationSeulement, VueListe[Courriel]):
    """Tous les courriels, du plus récent au plus ancien."""

    titre, legende, nom_export, singulier = "Courriels de la démonstration", "Courriels", "courriels", "courriel"
    classe_filtre = FiltreCourriels
    tri_par_defaut = "-recu"
    vide_titre = "Aucun courriel"
    vide_texte = "Publiez un bilan : les courriels qu'il envoie se liront ici."
    colonnes = (
        Colonne(
            "objet",
            "Objet",
            lambda un: un.objet,
            lien=lambda un: reverse("courriel", args=[un.pk]),
            entete_de_ligne=True,
            tri=("objet",),
        ),
        Colonne("destinataires", "À", lambda un: un.destinataires, tri=("destinataires",)),
        Colonne("recu", "Reçu le", lambda un: un.recu_le, "instant", tri=("recu_le", "pk")),
    )

    def lire(self) -> QuerySet[Courriel]:
        """Ceux que l'acteur voit."""
        return Courriel.objects.visibles_par(self.request.acteur)


class LireCourriel(DemonstrationSeulement):
    """Un courriel, tel que son destinataire le lit."""

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Montre le texte ; une ligne qui n'est qu'une adresse devient un lien."""
        courriel = get_object_or_404(Courriel.objects.visibles_par(request.acteur), pk=pk)
        paragraphes = [(texte, bool(_LIEN.match(texte.strip()))) for texte in courriel.corps.strip().split("\n\n")]
        contexte = {
            "titre": courriel.objet,
            "fil": [("Courriels de la démonstration", reverse("courriels"))],
            "courriel": courriel,
            "paragraphes": paragraphes,
        }
        return render(request, "notifications/courriel.html", contexte)
