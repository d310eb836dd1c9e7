"""Adresses des accès et des pages publiques."""

from __future__ import annotations

from django.conf import settings
from django.urls import path

from flux_reservations.acces.views import (
    compte,
    connexion,
    connexions,
    invitations,
    jetons,
    journal,
    organismes,
    personnes,
    portefeuilles,
    publiques,
)

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
    path("deconnexion/", connexion.SeDeconnecter.as_view(), name="deconnexion"),
    path("organisme/", connexion.choisir_organisme, name="choisir_organisme"),
    path("sans-organisme/", connexion.sans_organisme, name="sans_organisme"),
    path("apparence/", connexion.choisir_theme, name="theme"),
    path("entrer/", compte.entrer, name="entrer"),
    path("compte/", compte.mon_compte, name="mon_compte"),
    path("compte/mot-de-passe/", compte.ChangerMotDePasse.as_view(), name="changer_mot_de_passe"),
    path("compte/sessions/fermer/", compte.revoquer_mes_sessions, name="revoquer_mes_sessions"),
    path("compte/sessions/<int:pk>/fermer/", compte.revoquer_session, name="revoquer_session"),
    path("compte/second-facteur/", compte.second_facteur, name="second_facteur"),
    path("compte/second-facteur/activer/", compte.second_facteur_activer, name="second_facteur_activer"),
    path("compte/second-facteur/codes/", compte.codes_de_secours, name="codes_de_secours"),
    path("compte/second-facteur/retirer/", compte.second_facteur_retirer, name="second_facteur_retirer"),
    path("mot-de-passe-oublie/", compte.MotDePasseOublie.as_view(), name="mot_de_passe_oublie"),
    path("mot-de-passe/<uidb64>/<token>/", compte.NouveauMotDePasse.as_view(), name="nouveau_mot_de_passe"),
    path("personnes/", personnes.ListePersonnes.as_view(), name="personnes"),
    path("personnes/inviter/", invitations.Inviter.as_view(), name="inviter"),
    path("personnes/<int:pk>/", personnes.FichePersonne.as_view(), name="personne"),
    path("personnes/<int:pk>/role/", personnes.ChangerRole.as_view(), name="changer_role"),
    path("personnes/<int:pk>/fermer/", personnes.FermerAcces.as_view(), name="fermer_acces"),
    path("personnes/<int:pk>/portefeuille/", portefeuilles.ConfierSecteurs.as_view(), name="confier_secteurs"),
    path("personnes/<int:pk>/absence/", portefeuilles.NoterAbsence.as_view(), name="noter_absence"),
    path("absences/<int:pk>/retirer/", portefeuilles.RetirerAbsence.as_view(), name="retirer_absence"),
    path("secteurs/", portefeuilles.ListeSecteurs.as_view(), name="secteurs"),
    path("secteurs/creer/", portefeuilles.CreerSecteur.as_view(), name="creer_secteur"),
    path("secteurs/<int:pk>/", portefeuilles.ChangerSecteur.as_view(), name="changer_secteur"),
    path("secteurs/<int:pk>/supprimer/", portefeuilles.SupprimerSecteur.as_view(), name="supprimer_secteur"),
    path("compte/recapitulatif/", portefeuilles.choisir_recapitulatif, name="choisir_recapitulatif"),
    path("invitations/<int:pk>/annuler/", invitations.AnnulerInvitation.as_view(), name="annuler_invitation"),
    path("invitation/<str:secret>/", invitations.accepter_invitation, name="accepter_invitation"),
    path("connexions/", connexions.ListeConnexions.as_view(), name="connexions"),
    path("journal/", journal.Journal.as_view(), name="journal"),
    path("journal/<int:rang>/", journal.EntreeDuJournal.as_view(), name="entree_journal"),
    path("journal/verifier/", journal.VerifierJournal.as_view(), name="verifier_journal"),
    path("consultations/", journal.ListeConsultations.as_view(), name="consultations"),
    path("jetons/", jetons.ListeJetons.as_view(), name="jetons"),
    path("jetons/creer/", jetons.CreerJeton.as_view(), name="creer_jeton"),
    path("jetons/<int:pk>/revoquer/", jetons.RevoquerJeton.as_view(), name="revoquer_jeton"),
    path("organismes/creer/", organismes.CreerAdministration.as_view(), name="creer_organisme"),
]

if settings.OIDC_ACTIF:
    from flux_reservations.acces.views import fournisseur

    urlpatterns += [
        path("fournisseur/", fournisseur.demander, name="oidc_authentication_init"),
        path("fournisseur/deconnexion/", fournisseur.apprendre_une_deconnexion, name="oidc_deconnexion"),
        path("fournisseur/retour/", fournisseur.recevoir, name="oidc_authentication_callback"),
    ]
