"""Adresses des bilans et du flux."""

from __future__ import annotations

from django.urls import path

from bilans.views import aujourdhui, flux, portail

urlpatterns = [
    path("aujourdhui/", aujourdhui.Aujourdhui.as_view(), name="aujourdhui"),
    path("flux/", flux.Flux.as_view(), name="flux"),
    path("flux/detail/", flux.DetailFlux.as_view(), name="flux_detail"),
    path("mes-droits/", portail.MesDroits.as_view(), name="mes_droits"),
    path("mes-droits/<int:bailleur>/<str:departement>/", portail.MonDecompte.as_view(), name="mon_decompte"),
    path("contester/", portail.Contester.as_view(), name="contester"),
    path("bilans-recus/", portail.BilansRecus.as_view(), name="bilans_recus"),
    path("bilans-recus/<int:pk>/", portail.BilanRecu.as_view(), name="bilan_recu"),
    path("controles/", portail.Controles.as_view(), name="controles"),
    path("communes/", portail.ParCommune.as_view(), name="communes"),
]
