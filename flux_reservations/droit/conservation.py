"""Les durées de conservation (RG-70) : combien de temps chaque donnée personnelle reste, et pourquoi."""

from __future__ import annotations

from flux_reservations.droit import textes
from flux_reservations.droit.parametre import Certitude, Parametre, fixe

CANDIDATS = Parametre(
    libelle="Conservation du numéro de demande d'un candidat après la fin de l'orientation",
    unite="mois",
    regle="RG-70",
    versions=fixe(24, textes.CHOIX_DU_PROJET),
    certitude=Certitude.INTERPRETATION,
)
RECHERCHES_PAR_JOUR = Parametre(
    libelle="Recherches nominatives (données d'un demandeur) qu'une personne fait au plus en un jour",
    unite="recherches",
    regle="RG-71",
    versions=fixe(30, textes.CHOIX_DU_PROJET),
    certitude=Certitude.INTERPRETATION,
)
CONNEXIONS = Parametre(
    libelle="Conservation du journal des connexions",
    unite="mois",
    regle="RG-70",
    versions=fixe(12, textes.CHOIX_DU_PROJET),
    certitude=Certitude.INTERPRETATION,
)
CONSULTATIONS = Parametre(
    libelle="Conservation du registre des consultations sensibles",
    unite="mois",
    regle="RG-70",
    versions=fixe(36, textes.CHOIX_DU_PROJET),
    certitude=Certitude.INTERPRETATION,
)
INVITATIONS = Parametre(
    libelle="Conservation d'une invitation close ou expirée",
    unite="mois",
    regle="RG-70",
    versions=fixe(3, textes.CHOIX_DU_PROJET),
    certitude=Certitude.INTERPRETATION,
)
PERSONNES = Parametre(
    libelle="Conservation du nom et du courriel d'une personne après la fermeture de son dernier accès",
    unite="mois",
    regle="RG-70",
    versions=fixe(24, textes.CHOIX_DU_PROJET),
    certitude=Certitude.INTERPRETATION,
)
SEANCES_DES_MEMBRES = Parametre(
    libelle="Accès d'un membre de la CALEOL à sa séance, après sa date",
    unite="jours",
    regle="RG-70",
    versions=fixe(15, textes.CHOIX_DU_PROJET),
    certitude=Certitude.INTERPRETATION,
)
TRAVAUX = Parametre(
    libelle="Conservation du compte rendu d'un acte en nombre terminé, ou d'un import abandonné",
    unite="mois",
    regle="RG-70",
    versions=fixe(12, textes.CHOIX_DU_PROJET),
    certitude=Certitude.INTERPRETATION,
)
DUREES = (CANDIDATS, CONNEXIONS, CONSULTATIONS, INVITATIONS, PERSONNES, SEANCES_DES_MEMBRES, TRAVAUX)
