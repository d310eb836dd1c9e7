"""Adresses des imports."""

from __future__ import annotations

from django.urls import path

from flux_reservations.echanges import views, vues_colonnes
from flux_reservations.echanges.documentation import Integration
from flux_reservations.echanges.export_complet.vues import ExporterTout, TelechargerExport
from flux_reservations.echanges.registre import vues as registre
from flux_reservations.echanges.registre import vues_actes, vues_demandes
from flux_reservations.echanges.reprise import vues as reprise
from flux_reservations.echanges.reprise import vues_ouverture, vues_rapprochement
from flux_reservations.echanges.vues_exemples import Exemples
from flux_reservations.echanges.vues_rpls import StockRpls
from flux_reservations.echanges.webhooks import vues
from flux_reservations.echanges.webhooks.vues_livraisons import Livraisons

urlpatterns = [
    path("imports/", views.Imports.as_view(), name="imports"),
    path("imports/deposer/", views.DeposerImport.as_view(), name="deposer_import"),
    path("imports/<int:pk>/", views.VueImport.as_view(), name="import"),
    path("imports/<int:pk>/appliquer/", views.AppliquerImport.as_view(), name="appliquer_import"),
    path("imports/<int:pk>/abandonner/", views.AbandonnerImport.as_view(), name="abandonner_import"),
    path("imports/<int:pk>/colonnes/", vues_colonnes.ColonnesImport.as_view(), name="colonnes_import"),
    path("imports/<int:pk>/fautives/", vues_colonnes.LignesFautives.as_view(), name="fautives_import"),
    path("imports/<int:pk>/defaire/", views.DefaireImport.as_view(), name="defaire_import"),
    path("imports/exporter/", ExporterTout.as_view(), name="exporter_tout"),
    path("imports/exporter/<int:pk>/telecharger/", TelechargerExport.as_view(), name="telecharger_export"),
    path("imports/exemples.zip", Exemples.as_view(), name="exemples_d_import"),
    path("imports/rpls/", StockRpls.as_view(), name="rpls"),
    path("imports/organisme/", vues_demandes.DemanderOrganisme.as_view(), name="demander_organisme"),
    path("organismes/", registre.ListeOrganismes.as_view(), name="organismes"),
    path("organismes/bailleur/", vues_actes.InscrireBailleur.as_view(), name="inscrire_bailleur"),
    path("organismes/reservataire/", vues_actes.InscrireReservataire.as_view(), name="inscrire_reservataire"),
    path("organismes/demandes/", vues_demandes.OrganismesDemandes.as_view(), name="organismes_demandes"),
    path("organismes/demandes/<int:pk>/", vues_demandes.OrganismeDemandeVue.as_view(), name="organisme_demande"),
    path("organismes/<int:pk>/", registre.FicheOrganisme.as_view(), name="organisme"),
    path("organismes/<int:pk>/modifier/", vues_actes.CorrigerOrganisme.as_view(), name="corriger_organisme"),
    path("organismes/<int:pk>/supprimer/", vues_actes.SupprimerOrganisme.as_view(), name="supprimer_organisme"),
    path("reprise/", reprise.Reprise.as_view(), name="reprise"),
    path("reprise/decompte/", reprise.DeposerDecompte.as_view(), name="reprise_decompte"),
    path("reprise/decompte/<int:pk>/", vues_rapprochement.Rapprochement.as_view(), name="reprise_rapprochement"),
    path("reprise/decompte/<int:pk>/colonnes/", vues_rapprochement.DireLesColonnes.as_view(), name="reprise_colonnes"),
    path("reprise/decompte/<int:pk>/libelles/", vues_rapprochement.DireLesLibelles.as_view(), name="reprise_libelles"),
    path("reprise/decompte/<int:pk>/retirer/", vues_rapprochement.RetirerLeTableur.as_view(), name="reprise_retirer"),
    path("reprise/soldes/", vues_ouverture.PoserLesSoldes.as_view(), name="reprise_soldes"),
    path("reprise/soldes/retirer/", vues_ouverture.RetirerLesSoldes.as_view(), name="reprise_soldes_retirer"),
    path("reprise/envoi/", vues_ouverture.EnregistrerEnvoi.as_view(), name="reprise_envoi"),
    path("reprise/envoi/<uuid:lot>/retirer/", vues_ouverture.RetirerEnvoi.as_view(), name="reprise_envoi_retirer"),
    path("integration/", Integration.as_view(), name="integration"),
    path("webhooks/", vues.Abonnements.as_view(), name="webhooks"),
    path("webhooks/abonner/", vues.Abonner.as_view(), name="creer_webhook"),
    path("webhooks/livraisons/", Livraisons.as_view(), name="livraisons"),
    path("webhooks/<int:pk>/", vues.VueAbonnement.as_view(), name="webhook"),
    path("webhooks/<int:pk>/essayer/", vues.Essayer.as_view(), name="essayer_webhook"),
    path("webhooks/<int:pk>/verifier/", vues.Verifier.as_view(), name="verifier_webhook"),
    path("webhooks/<int:pk>/suspendre/", vues.Suspendre.as_view(), name="suspendre_webhook"),
    path("webhooks/<int:pk>/reprendre/", vues.Reprendre.as_view(), name="reprendre_webhook"),
    path("webhooks/<int:pk>/secret/", vues.ChangerSecret.as_view(), name="changer_secret_webhook"),
    path("webhooks/<int:pk>/supprimer/", vues.Desabonner.as_view(), name="supprimer_webhook"),
    path("webhooks/appels/<int:pk>/rejouer/", vues.Rejouer.as_view(), name="rejouer_appel"),
]
