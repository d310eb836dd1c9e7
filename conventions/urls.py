"""Adresses du patrimoine et des conventions."""

from __future__ import annotations

from django.urls import path

from conventions.views import (
    conventions,
    cycle,
    documents,
    droits,
    elaboration,
    garanties,
    patrimoine,
    portail_transmissions,
    transmission,
)

urlpatterns = [
    path("patrimoine/", patrimoine.Patrimoine.as_view(), name="patrimoine"),
    path("patrimoine/detail/<slug:quoi>/", patrimoine.DetailPatrimoine.as_view(), name="patrimoine_detail"),
    path("patrimoine/<int:pk>/", patrimoine.FicheLogement.as_view(), name="logement"),
    path("conventions/", conventions.ListeConventions.as_view(), name="conventions"),
    path("conventions/<int:pk>/", conventions.FicheConvention.as_view(), name="convention"),
    path("conventions/preparer/", elaboration.CreerConvention.as_view(), name="preparer_convention"),
    path("conventions/<int:pk>/modalites/", elaboration.ModifierModalites.as_view(), name="modalites"),
    path("conventions/<int:pk>/droits/", droits.ModifierDroits.as_view(), name="droits"),
    path("conventions/<int:pk>/droits/verifier/", droits.VerifierDroits.as_view(), name="verifier_droits"),
    path("conventions/<int:pk>/controles/", elaboration.ControlerConvention.as_view(), name="controler_convention"),
    path("conventions/<int:pk>/proposer/", cycle.Proposer.as_view(), name="proposer_convention"),
    path("conventions/<int:pk>/reprendre/", cycle.Reprendre.as_view(), name="reprendre_convention"),
    path("conventions/<int:pk>/signer/", cycle.Signer.as_view(), name="signer_convention"),
    path("conventions/<int:pk>/resilier/", cycle.Resilier.as_view(), name="resilier_convention"),
    path("conventions/<int:pk>/avenant/", cycle.PreparerAvenant.as_view(), name="preparer_avenant"),
    path("conventions/<int:pk>/supprimer/", cycle.SupprimerBrouillon.as_view(), name="supprimer_brouillon"),
    path(
        "conventions/droits/<int:pk>/remboursement/",
        garanties.DeclarerRemboursement.as_view(),
        name="garantie_remboursee",
    ),
    path("conventions/<int:pk>/texte.pdf", documents.TexteConvention.as_view(), name="texte_convention"),
    path(
        "etat-des-lieux/<str:departement>.<str:forme>",
        documents.EtatDesLieuxFichier.as_view(),
        name="etat_des_lieux_fichier",
    ),
    path("conventions/<int:pk>/transmettre/", transmission.Transmettre.as_view(), name="transmettre_convention"),
    path("etat-des-lieux/<str:departement>/", transmission.VueEtatDesLieux.as_view(), name="etat_des_lieux"),
    path(
        "etat-des-lieux/<str:departement>/envoyer/",
        transmission.InformerPrealablement.as_view(),
        name="informer_prealablement",
    ),
    path(
        "etat-des-lieux/<str:departement>/enregistrer/",
        transmission.EnregistrerInformation.as_view(),
        name="enregistrer_information",
    ),
    path(
        "conventions/transmises/", portail_transmissions.ConventionsTransmises.as_view(), name="conventions_transmises"
    ),
]
