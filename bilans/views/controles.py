"""Le détail d'un nombre des contrôles : de quoi il est fait, la règle, dans la limite de ce que l'acteur a le droit de voir."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from bilans import portail
from bilans.portail_detail import detailler
from bilans.views.portail import VEILLEURS, lire_annee
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.requete import Requete
from flux_reservations.socle.vues import Depliage, repondre_depliage


class DetailControle(ReserveeMixin):
    """Un nombre d'un bailleur du territoire, déplié : des totaux, jamais un logement."""

    natures = VEILLEURS
    territoriale = True

    def get(self, request: Requete, bailleur: int, departement: str, quoi: str) -> HttpResponse:
        """Montre le détail ; un bailleur d'un autre territoire est introuvable."""
        annee, _ = lire_annee(request)
        lieu = next(
            (
                un
                for un in portail.lieux_du_territoire(request.acteur)
                if (un.bailleur.pk, un.departement.pk) == (bailleur, departement)
            ),
            None,
        )
        detail = detailler(lieu, annee, quoi) if lieu else None
        if lieu is None or detail is None:
            raise Introuvable
        depliage = Depliage(
            titre=f"{detail.titre}, {lieu.bailleur.nom}, {annee}",
            total=detail.total,
            entetes=detail.entetes,
            lignes=detail.lignes,
            regle=detail.regle,
            au_titre_de=f"{annee}-12-31",
            explication=detail.explication,
            fil=[("Contrôles", f"{reverse('controles')}?{urlencode({'annee': annee})}")],
        )
        return repondre_depliage(request, depliage)
