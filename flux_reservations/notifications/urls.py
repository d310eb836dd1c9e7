"""Adresses des envois et des courriels de la démonstration."""

from __future__ import annotations

from django.urls import path

from flux_reservations.notifications.views import actes, courriels, demandes, registre, remise, remises

urlpatterns = [
    path("envois/", registre.Registre.as_view(), name="envois"),
    path("envois/avis/", actes.LireLesAvis.as_view(), name="envois_avis"),
    path("envois/remises/", remises.EnregistrerRemises.as_view(), name="envois_remises"),
    path("envois/<int:pk>/", registre.FicheEnvoi.as_view(), name="envoi"),
    path("envois/<int:pk>/remise/", actes.EnregistrerRemise.as_view(), name="envoi_remise"),
    path("envois/<int:pk>/rebond/", actes.SignalerRebond.as_view(), name="envoi_rebond"),
    path("envois/<int:pk>/reexpedier/", actes.Reexpedier.as_view(), name="envoi_reexpedier"),
    path("envois/<int:pk>/relancer/", actes.Relancer.as_view(), name="envoi_relancer"),
    path("recus/<uuid:cle>/", remise.EnvoiRecu.as_view(), name="envoi_recu"),
    path("recus/<uuid:cle>/accuser-reception/", actes.AccuserReception.as_view(), name="envoi_accuser"),
    path("courriels/", courriels.Courriels.as_view(), name="courriels"),
    path("courriels/<int:pk>/", courriels.LireCourriel.as_view(), name="courriel"),
    path("demandes/", demandes.ListeDemandes.as_view(), name="demandes"),
    path("demandes/<int:pk>/", demandes.FicheDemande.as_view(), name="demande"),
    path("demandes/<int:pk>/repondre/", demandes.RepondreDemande.as_view(), name="repondre_demande"),
    path("envois/<int:pk>/preciser/", demandes.DemanderPrecision.as_view(), name="demander_precision"),
]
