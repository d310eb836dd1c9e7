"""Réserver une vue à des natures d'organisme et à un rôle : sinon 403, en le disant."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http.response import HttpResponseBase
from django.views import View

from flux_reservations.commun.acteur import Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse
from flux_reservations.socle.requete import Requete

LECTEURS_DE_DROITS = frozenset({Nature.RESERVATAIRE, Nature.ETAT, Nature.COLLECTIVITE})
"""Qui détient des droits : réservataire, État, collectivité."""
GERANTS = LECTEURS_DE_DROITS | {Nature.BAILLEUR, Nature.PLATEFORME}
"""Qui gère les personnes d'un organisme : tous, sauf un membre de la CALEOL, qui n'agit pour aucun."""


class ReserveeMixin(View):
    """À mettre avant la vue : `natures` qui l'ouvrent (vide : toutes), `role` exigé au moins, `territoriale` si l'on y suit un territoire.

    Une ligne d'autrui n'est pas affaire de cette classe : elle est introuvable (404) dans `visibles_par(acteur)`.
    """

    natures: ClassVar[frozenset[Nature]] = frozenset()
    role: ClassVar[Role] = Role.LECTEUR
    territoriale: ClassVar[bool] = False

    def dispatch(self, request: Requete, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]  # requête annotée
        """Vérifie nature et rôle avant tout."""
        acteur = request.acteur
        if self.natures and acteur.nature not in self.natures:
            msg = "Cette page n'est pas ouverte à votre organisme."
            raise AccesRefuse(msg)
        if self.territoriale and not acteur.veille_sur_un_territoire:
            msg = (
                "Le droit ne transmet les conventions d'un territoire qu'à l'État, aux EPCI, aux EPT, à la métropole de Lyon et à Paris : "
                "aucun rôle n'y change rien."
            )
            raise AccesRefuse(msg)
        if not acteur.peut(self.role):
            raise AccesRefuse
        return super().dispatch(request, *args, **kwargs)
