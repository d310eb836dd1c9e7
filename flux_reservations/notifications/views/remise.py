"""La page où mène le lien d'un courriel : le document, sa preuve, l'accusé de réception (RG-66)."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views import View

from flux_reservations.commun.acteur import Role
from flux_reservations.notifications.models import Envoi
from flux_reservations.socle.requete import Requete


class EnvoiRecu(View):
    """Un envoi, vu de qui le reçoit (l'émetteur et l'État du département le voient aussi)."""

    def get(self, request: Requete, cle: uuid.UUID) -> HttpResponse:
        """Montre l'envoi."""
        envoi = get_object_or_404(
            Envoi.objects.visibles_par(request.acteur).select_related("emetteur", "piece"), cle=cle
        )
        est_destinataire = envoi.destinataire_id == request.acteur.organisme_id
        contexte = {
            "titre": envoi.objet,
            "envoi": envoi,
            "est_destinataire": est_destinataire,
            "peut_accuser": est_destinataire and envoi.recu_le is None and request.acteur.peut(Role.GESTIONNAIRE),
        }
        return render(request, "notifications/envoi_recu.html", contexte)
