"""Adresses des bilans et du flux."""

from __future__ import annotations

from django.urls import path

from bilans.views import (
    actes,
    aujourdhui,
    bilans,
    campagnes,
    controles,
    echeancier,
    fichiers,
    flux,
    portail,
    publication_en_nombre,
)
from bilans.views.analyses import conventions, conversion, et_si, faisabilite, prevision, publics, soldes, structure

urlpatterns = [
    path("aujourdhui/", aujourdhui.Aujourdhui.as_view(), name="aujourdhui"),
    path("flux/", flux.Flux.as_view(), name="flux"),
    path("flux/detail/", flux.DetailFlux.as_view(), name="flux_detail"),
    path("flux/soldes/", soldes.Soldes.as_view(), name="soldes"),
    path("flux/soldes/reprendre/", soldes.ReprendreSoldes.as_view(), name="soldes_reprendre"),
    path("flux/soldes/<int:convention>/saisir/", soldes.SaisirSolde.as_view(), name="solde_saisir"),
    path("flux/equilibre/", structure.Equilibre.as_view(), name="equilibre"),
    path("flux/communes/", structure.Uniformite.as_view(), name="uniformite"),
    path("flux/publics/", publics.Publics.as_view(), name="publics"),
    path("flux/prevision/<str:commune>/corriger/", prevision.CorrigerPrevision.as_view(), name="prevision_corriger"),
    path("flux/prevision/moyenne/", prevision.RevenirALaMoyenne.as_view(), name="prevision_moyenne"),
    path("flux/prevision/", prevision.PagePrevision.as_view(), name="prevision"),
    path("flux/faisabilite/", faisabilite.PageFaisabilite.as_view(), name="faisabilite"),
    path("flux/et-si/", et_si.EtSi.as_view(), name="et_si"),
    path("flux/conversion/", conversion.PageConversion.as_view(), name="conversion"),
    path("flux/egalite/", conventions.Egalite.as_view(), name="egalite"),
    path("flux/garanties/", conventions.PageGaranties.as_view(), name="garanties"),
    path("bilans/", bilans.Bilans.as_view(), name="bilans"),
    path("bilans/preparer/", actes.Preparer.as_view(), name="bilan_preparer"),
    path("bilans/campagnes/", campagnes.Campagnes.as_view(), name="campagnes"),
    path("bilans/campagnes/ouvrir/", campagnes.OuvrirCampagne.as_view(), name="campagne_ouvrir"),
    path("bilans/campagnes/<int:pk>/", campagnes.FicheCampagne.as_view(), name="campagne"),
    path(
        "bilans/campagnes/<int:pk>/interrompre/", campagnes.InterrompreCampagne.as_view(), name="campagne_interrompre"
    ),
    path("bilans/campagnes/<int:pk>/reprendre/", campagnes.ReprendreCampagne.as_view(), name="campagne_reprendre"),
    path(
        "bilans/campagnes/<int:pk>/publier/",
        publication_en_nombre.PublierLaCampagne.as_view(),
        name="campagne_publier",
    ),
    path("bilans/<int:pk>/", bilans.FicheBilan.as_view(), name="bilan"),
    path("bilans/<int:pk>/progression/", bilans.Progression.as_view(), name="bilan_progression"),
    path("bilans/<int:pk>/publier/", actes.Publier.as_view(), name="bilan_publier"),
    path("bilans/<int:pk>/refaire/", actes.Refaire.as_view(), name="bilan_refaire"),
    path("bilans/<int:pk>/abandonner/", actes.Abandonner.as_view(), name="bilan_abandonner"),
    path("bilans/<int:pk>/relancer/", actes.RelancerTous.as_view(), name="bilan_relancer"),
    path("bilans/<int:pk>/tableur/", fichiers.TableurDuBilan.as_view(), name="bilan_tableur"),
    path("bilans/<int:pk>/lignes/", fichiers.LignesDuBilan.as_view(), name="bilan_lignes"),
    path("echeancier/", echeancier.Echeancier.as_view(), name="echeancier"),
    path("echeancier/abonner/", echeancier.Abonner.as_view(), name="echeancier_abonner"),
    path("echeancier/revoquer/", echeancier.Revoquer.as_view(), name="echeancier_revoquer"),
    path("echeancier/<str:jeton>.ics", echeancier.Calendrier.as_view(), name="echeancier_ical"),
    path("mes-droits/", portail.MesDroits.as_view(), name="mes_droits"),
    path("mes-droits/<int:bailleur>/<str:departement>/", portail.MonDecompte.as_view(), name="mon_decompte"),
    path("contester/", portail.Contester.as_view(), name="contester"),
    path("bilans-recus/", portail.BilansRecus.as_view(), name="bilans_recus"),
    path("bilans-recus/<int:pk>/", portail.BilanRecu.as_view(), name="bilan_recu"),
    path("controles/", portail.Controles.as_view(), name="controles"),
    path(
        "controles/<int:bailleur>/<str:departement>/<slug:quoi>/",
        controles.DetailControle.as_view(),
        name="detail_controle",
    ),
    path("communes/", portail.ParCommune.as_view(), name="communes"),
]
