"""Télécharger un jeu de fichiers d'exemple, à réimporter ou à imiter."""

from __future__ import annotations

from django.http import HttpResponse

from bilans.views.champ import lire_champ
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.echanges.exemples import composer_les_exemples
from flux_reservations.socle.requete import Requete


class Exemples(ReserveeMixin):
    """L'archive des exemples, tirée des données du bailleur."""

    natures = frozenset({Nature.BAILLEUR})
    role = Role.GESTIONNAIRE

    def get(self, request: Requete) -> HttpResponse:
        """L'archive du département et de l'année lus."""
        champ = lire_champ(request)
        octets = composer_les_exemples(champ.bailleur, champ.departement, champ.annee)
        reponse = HttpResponse(octets, content_type="application/zip")
        reponse["Content-Disposition"] = f'attachment; filename="exemples-{champ.annee}.zip"'
        return reponse
