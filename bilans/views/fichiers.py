"""Les fichiers d'un bilan : le tableur gardé avec lui, ses lignes en CSV ; ouverts à qui voit le bilan (RG-60, RG-63)."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from bilans.views.bilans import lire_bilan
from flux_reservations.acces.reserve import ReserveeMixin
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.socle.exports import repondre_csv
from flux_reservations.socle.requete import Requete

_LIGNES = ("compte", "commune", "qpv", "typologie", "financement", "periode_construction", "proposes", "attribues")
_RELOGEMENTS = ("commune", "typologie", "baux")


class TableurDuBilan(ReserveeMixin):
    """Le tableur figé d'un bilan : les octets gardés à sa production, pas un autre refait depuis."""

    def get(self, request: Requete, pk: int) -> HttpResponse:
        """Le XLSX."""
        bilan = lire_bilan(request, pk)
        if bilan.tableur is None:
            raise Introuvable("Ce document n'a pas de tableur.")
        return HttpResponse(
            bytes(bilan.tableur.contenu.octets),
            content_type=bilan.tableur.type_mime,
            headers={"Content-Disposition": f'attachment; filename="{bilan.tableur.nom}"'},
        )


class LignesDuBilan(ReserveeMixin):
    """Les lignes du document en CSV."""

    def get(self, request: Requete, pk: int) -> HttpResponseBase:
        """Un croisement par ligne ; pour l'information de début d'année, les relogements de l'an passé."""
        bilan = lire_bilan(request, pk)
        colonnes, lues = (
            (_RELOGEMENTS, bilan.donnees["relogements"])
            if "relogements" in bilan.donnees
            else (_LIGNES, bilan.donnees.get("lignes", []))
        )
        nom = f"{bilan.genre}-{bilan.bailleur.siren}-{bilan.departement_id}-{bilan.annee}-v{bilan.version}"
        return repondre_csv(nom, colonnes, ([ligne[cle] for cle in colonnes] for ligne in lues))
