"""Le journal des connexions : les siennes, et pour un responsable celles de son organisme."""

from __future__ import annotations

from typing import ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from flux_reservations.acces.models import Connexion, GenreConnexion
from flux_reservations.acces.navigateurs import nommer_navigateur
from flux_reservations.acces.reserve import GERANTS, ReserveeMixin
from flux_reservations.socle.vues import Colonne, VueListe


class FiltreConnexions(django_filters.FilterSet):
    """Recherche et filtres des connexions."""

    q = django_filters.CharFilter(label="Rechercher", method="chercher", widget=forms.SearchInput)
    genre = django_filters.ChoiceFilter(label="Ce qui s'est passé", choices=GenreConnexion.choices, empty_label="Tout")

    class Meta:
        model = Connexion
        fields: ClassVar[list[str]] = []

    def chercher(self, connexions: QuerySet[Connexion], nom: str, valeur: str) -> QuerySet[Connexion]:
        """Nom, courriel ou adresse IP."""
        del nom
        return connexions.filter(
            Q(utilisateur__nom__icontains=valeur)
            | Q(utilisateur__prenom__icontains=valeur)
            | Q(utilisateur__courriel__icontains=valeur)
            | Q(adresse_ip__startswith=valeur)
        )


class ListeConnexions(ReserveeMixin, VueListe[Connexion]):
    """Le journal des connexions : les siennes, et pour un responsable celles de son organisme."""

    natures = GERANTS
    titre = "Journal des connexions"
    legende = "Connexions, de la plus récente à la plus ancienne"
    nom_export = "connexions"
    singulier = "entrée"
    classe_filtre = FiltreConnexions
    tri_par_defaut = "-instant"
    vide_titre = "Aucune connexion notée"
    colonnes = (
        Colonne[Connexion](
            "instant", "Quand", lambda un: un.instant, "instant", tri=("instant",), entete_de_ligne=True
        ),
        Colonne[Connexion](
            "personne", "Personne", lambda un: un.utilisateur.nom_complet if un.utilisateur else "Courriel inconnu"
        ),
        Colonne[Connexion]("genre", "Ce qui s'est passé", lambda un: un.get_genre_display(), tri=("genre",)),
        Colonne[Connexion]("adresse", "Adresse IP", lambda un: un.adresse_ip, secondaire=True),
        Colonne[Connexion]("navigateur", "Navigateur", lambda un: nommer_navigateur(un.navigateur), secondaire=True),
    )
    colonnes_d_export = (Colonne[Connexion]("agent", "Navigateur, tel qu'il se dit", lambda un: un.navigateur),)
    """Un audit peut en avoir besoin."""

    def lire(self) -> QuerySet[Connexion]:
        """Ce que l'acteur voit."""
        return Connexion.objects.visibles_par(self.request.acteur).select_related("utilisateur")
