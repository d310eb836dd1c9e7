"""Adresses des accès et des pages publiques."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from flux_reservations.acces.views import connexion, publiques

urlpatterns = [
    path("", publiques.accueil, name="accueil"),
    path("regles/", publiques.regles, name="regles"),
    path("regles/<date:jour>/", publiques.regles, name="regles_au"),
    path("accessibilite/", publiques.accessibilite, name="accessibilite"),
    path("composants/", publiques.composants, name="composants"),
    path("composants/progression/<int:fait>/", publiques.progression_exemple, name="composants_progression"),
    path("composants/detail/", publiques.detail_exemple, name="composants_detail"),
    path("composants/confirmation/", publiques.confirmation_exemple, name="composants_confirmation"),
    path("connexion/", connexion.Connexion.as_view(), name="connexion"),
    path("connexion/demonstration/<int:pk>/", connexion.connexion_demo, name="connexion_demo"),
    path("deconnexion/", LogoutView.as_view(), name="deconnexion"),
    path("organisme/", connexion.choisir_organisme, name="choisir_organisme"),
    path("sans-organisme/", connexion.sans_organisme, name="sans_organisme"),
    path("apparence/", connexion.choisir_theme, name="theme"),
]
