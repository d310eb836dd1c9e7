"""Adresses du patrimoine et des conventions."""

from __future__ import annotations

from django.urls import path

from conventions.views import (
    carnet,
    concertations,
    conventions,
    cycle,
    departement,
    depots,
    documents,
    droits,
    elaboration,
    gabarits,
    garanties,
    manquements,
    patrimoine,
    portail_transmissions,
    propositions,
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
    path("conventions/<int:pk>/commenter/", propositions.CommenterConvention.as_view(), name="commenter_convention"),
    path("conventions/<int:pk>/relancer/", propositions.RelancerTransmission.as_view(), name="relancer_transmission"),
    path(
        "conventions/departement/<str:departement>/",
        departement.TableauDepartement.as_view(),
        name="tableau_departement",
    ),
    path(
        "conventions/departement/<str:departement>/preparer/",
        departement.PreparerPourTous.as_view(),
        name="preparer_pour_tous",
    ),
    path(
        "conventions/departement/<str:departement>/proposer/",
        departement.ProposerTout.as_view(),
        name="proposer_tout",
    ),
    path(
        "conventions/departement/<str:departement>/transmettre/",
        departement.TransmettreTout.as_view(),
        name="transmettre_tout",
    ),
    path("conventions/gabarits/", gabarits.ListeGabarits.as_view(), name="gabarits"),
    path("conventions/gabarits/ecrire/", gabarits.EcrireGabarit.as_view(), name="ecrire_gabarit"),
    path("conventions/gabarits/<int:pk>/apercu.pdf", gabarits.ApercuGabarit.as_view(), name="apercu_gabarit"),
    path("conventions/deposees/", depots.ConventionsDeposees.as_view(), name="conventions_deposees"),
    path("conventions/deposees/deposer/", depots.DeposerConvention.as_view(), name="deposer_convention"),
    path("conventions/deposees/<int:pk>/retirer/", depots.RetirerDeposee.as_view(), name="retirer_deposee"),
    path("carnet/", carnet.MonCarnet.as_view(), name="mon_carnet"),
    path("carnet/<str:departement>/", carnet.Carnet.as_view(), name="carnet"),
    path("carnet/<str:departement>/<str:territoire>/", carnet.InscrireContact.as_view(), name="inscrire_contact"),
    path("programmes-neufs/", concertations.ListeConcertations.as_view(), name="concertations"),
    path("programmes-neufs/ouvrir/", concertations.OuvrirConcertation.as_view(), name="ouvrir_concertation"),
    path("programmes-neufs/part/<int:pk>/", concertations.ProposerPart.as_view(), name="proposer_part"),
    path("programmes-neufs/<int:pk>/arreter/", concertations.ArreterRepartition.as_view(), name="arreter_repartition"),
    path("programmes-neufs/<int:pk>/entree/", concertations.ConstaterEntree.as_view(), name="constater_entree"),
    path("mises-en-demeure/", manquements.ListeManquements.as_view(), name="manquements"),
    path("mises-en-demeure/enregistrer/", manquements.MettreEnDemeure.as_view(), name="mettre_en_demeure"),
    path("mises-en-demeure/<int:pk>/", manquements.FicheManquement.as_view(), name="manquement"),
    path("mises-en-demeure/<int:pk>/suite/", manquements.DonnerSuite.as_view(), name="donner_suite"),
]
