"""Adresses des attributions."""

from __future__ import annotations

from django.urls import path

from attributions.views import (
    candidats,
    commission,
    contestations,
    corrections,
    liberations,
    membres,
    orienter,
    parcours,
    portail_logements,
    requalifier,
    seances,
    vie_privee,
)

urlpatterns = [
    path("a-orienter/", orienter.AOrienter.as_view(), name="a_orienter"),
    path("a-orienter/lot/", orienter.ReviserLeLot.as_view(), name="reviser_lot"),
    path("a-orienter/tout-suivre/", orienter.ToutSuivre.as_view(), name="tout_suivre"),
    path("a-orienter/<int:pk>/suivre/", orienter.Suivre.as_view(), name="suivre"),
    path("a-orienter/<int:pk>/autre-compte/", orienter.ChoisirUnAutreCompte.as_view(), name="autre_compte"),
    path("a-orienter/<int:pk>/exclure/", requalifier.Exclure.as_view(), name="exclure"),
    path("a-orienter/<int:pk>/retirer/", requalifier.RetirerLaLiberation.as_view(), name="retirer_liberation"),
    path("a-orienter/<int:pk>/decaler/", requalifier.DecalerLaDisponibilite.as_view(), name="decaler"),
    path(
        "liberations/<int:pk>/remettre-dans-le-flux/",
        requalifier.RemettreDansLeFlux.as_view(),
        name="remettre_dans_le_flux",
    ),
    path("liberations/<int:pk>/retablir/", requalifier.RetablirLaLiberation.as_view(), name="retablir_liberation"),
    path(
        "liberations/<int:pk>/remettre-au-titulaire/",
        requalifier.RemettreAuTitulaire.as_view(),
        name="remettre_au_titulaire",
    ),
    path("liberations/<int:pk>/bail-hors-flux/", requalifier.SignerBailHorsFlux.as_view(), name="bail_hors_flux"),
    path(
        "orientations/<int:pk>/corriger-mise-a-disposition/",
        corrections.CorrigerMiseADisposition.as_view(),
        name="corriger_mise_a_disposition",
    ),
    path("orientations/<int:pk>/annuler-le-rendu/", corrections.AnnulerLeRendu.as_view(), name="annuler_le_rendu"),
    path(
        "orientations/<int:pk>/annuler-la-decision/",
        corrections.AnnulerLaDecision.as_view(),
        name="annuler_la_decision",
    ),
    path("candidats/<int:pk>/corriger-la-reponse/", candidats.CorrigerReponse.as_view(), name="corriger_reponse"),
    path("orientations/<int:pk>/annuler/", requalifier.AnnulerLOrientation.as_view(), name="annuler_orientation"),
    path("liberations/", liberations.ListeLiberations.as_view(), name="liberations"),
    path("liberations/<int:pk>/", liberations.VueLiberation.as_view(), name="liberation"),
    path("liberations/<int:pk>/corriger-le-bail/", corrections.CorrigerBail.as_view(), name="corriger_bail"),
    path(
        "orientations/<int:pk>/mettre-a-disposition/",
        parcours.MettreADisposition.as_view(),
        name="mettre_a_disposition",
    ),
    path("orientations/<int:pk>/prolonger/", parcours.ProlongerDelai.as_view(), name="prolonger_delai"),
    path("orientations/<int:pk>/rendre/", parcours.Rendre.as_view(), name="rendre"),
    path("orientations/<int:pk>/carence/", parcours.ConstaterCarence.as_view(), name="constater_carence"),
    path("orientations/<int:pk>/candidat/", parcours.PresenterCandidat.as_view(), name="presenter_candidat"),
    path("orientations/<int:pk>/seance/", parcours.InscrireEnSeance.as_view(), name="inscrire_en_seance"),
    path("orientations/<int:pk>/bail/", parcours.SignerBail.as_view(), name="signer_bail"),
    path("candidats/<int:pk>/retirer/", candidats.RetirerCandidat.as_view(), name="retirer_candidat"),
    path("candidats/<int:pk>/notifier/", candidats.NotifierOffre.as_view(), name="notifier_offre"),
    path("candidats/<int:pk>/repondre/", candidats.Repondre.as_view(), name="repondre_offre"),
    path("seances/", seances.ListeSeances.as_view(), name="seances"),
    path("seances/prevoir/", seances.PrevoirSeance.as_view(), name="prevoir_seance"),
    path("seances/<int:pk>/", commission.VueSeance.as_view(), name="seance"),
    path("seances/<int:pk>/ordre-du-jour/", commission.OrdreDuJour.as_view(), name="ordre_du_jour"),
    path("seances/<int:pk>/proces-verbal/", commission.ProcesVerbalNominatif.as_view(), name="proces_verbal_nominatif"),
    path("seances/<int:pk>/clore/", seances.CloreSeance.as_view(), name="clore_seance"),
    path("seances/<int:pk>/membres/", membres.ConvoquerMembres.as_view(), name="convoquer_membres"),
    path("mes-seances/", membres.MesSeances.as_view(), name="mes_seances"),
    path("mes-seances/<int:pk>/", membres.MaSeance.as_view(), name="ma_seance"),
    path("mes-seances/<int:pk>/proces-verbal/", membres.MonProcesVerbal.as_view(), name="mon_proces_verbal"),
    path("inscriptions/<int:pk>/retirer/", commission.RetirerDeLaSeance.as_view(), name="retirer_de_la_seance"),
    path("inscriptions/<int:pk>/decider/", commission.Decider.as_view(), name="decider"),
    path("logements-a-pourvoir/", portail_logements.LogementsAPourvoir.as_view(), name="logements_a_pourvoir"),
    path("logements-a-pourvoir/<int:pk>/", portail_logements.LogementAPourvoir.as_view(), name="logement_a_pourvoir"),
    path(
        "logements-a-pourvoir/<int:pk>/candidat/",
        portail_logements.ProposerCandidat.as_view(),
        name="proposer_candidat",
    ),
    path("logements-a-pourvoir/<int:pk>/rendre/", portail_logements.RendreLogement.as_view(), name="rendre_logement"),
    path(
        "mes-candidats/<int:pk>/retirer/", portail_logements.RetirerMonCandidat.as_view(), name="retirer_mon_candidat"
    ),
    path("donnees-d-un-demandeur/", vie_privee.DonneesDUnDemandeur.as_view(), name="donnees_d_un_demandeur"),
    path("orientations/<int:pk>/annuler-la-carence/", contestations.AnnulerCarence.as_view(), name="annuler_carence"),
]
