"""Les délais et les échéances : présentation, carence, réponse du demandeur, dates de l'année (RG-20, RG-42, RG-44, RG-46, RG-60)."""

from __future__ import annotations

from datetime import date, timedelta

from flux_reservations.commun.calendrier import UN_JOUR, ajouter_jours_ouvres, ajouter_mois, premier_jour_ouvre
from flux_reservations.droit import textes
from flux_reservations.droit.parametre import Certitude, Parametre, fixe

JOURS_CALENDAIRES = "calendaires"
JOURS_OUVRES = "ouvres"

DELAI_DE_PRESENTATION = Parametre(
    libelle="Délai de présentation des candidats si la convention n'en fixe pas",
    unite="jours calendaires",
    regle="RG-46",
    versions=fixe(30, textes.PRATIQUE),
    certitude=Certitude.PRATIQUE,
)
RELANCES_DE_PRESENTATION = Parametre(
    libelle="Jours avant la date limite de présentation où le réservataire sans candidat est relancé, du plus lointain au dernier",
    unite="jours",
    regle="RG-67",
    versions=fixe((7, 2), textes.PRATIQUE),
    certitude=Certitude.PRATIQUE,
)
RAPPELS_D_ECHEANCE = Parametre(
    libelle="Jours avant une échéance du bailleur où un rappel part ; −1 : le lendemain, si l'acte n'est pas fait",
    unite="jours",
    regle="RG-67",
    versions=fixe((30, 15, 7, 1, 0, -1), textes.PRATIQUE),
    certitude=Certitude.PRATIQUE,
)
HORIZON_DE_L_ECHEANCIER = Parametre(
    libelle="Jours que montre l'échéancier du bailleur",
    unite="jours",
    regle="RG-67",
    versions=fixe(120, textes.PRATIQUE),
    certitude=Certitude.PRATIQUE,
)
DELAI_DE_REPONSE = Parametre(
    libelle="Délai minimal de réponse du demandeur à une offre, à compter du lendemain de la notification",
    unite="jours",
    regle="RG-44",
    versions=fixe(10, textes.R_441_10),
)
CANDIDATS_MINIMUM = Parametre(
    libelle="Nombre minimal de demandes examinées par logement",
    unite="demandes",
    regle="RG-42",
    versions=fixe(3, textes.R_441_3),
)
DERNIER_JOUR_DU_BILAN = Parametre(
    libelle="Dernier jour (mois, jour) pour transmettre le bilan et l'information de l'année : « avant le 28 février »",
    unite="mois et jour",
    regle="RG-60",
    versions=fixe((2, 27), textes.R_441_5_1, date(2020, 2, 22)),
    certitude=Certitude.INTERPRETATION,
)
RAPPEL_DE_L_INFORMATION = Parametre(
    libelle="Date (mois, jour) de rappel de l'information de début d'année",
    unite="mois et jour",
    regle="RG-61",
    versions=fixe((1, 31), textes.NOTE_MINISTERE),
    certitude=Certitude.PRATIQUE,
)
DELAI_DE_MISE_EN_DEMEURE = Parametre(
    libelle="Délai laissé par une mise en demeure du préfet avant résiliation",
    unite="mois",
    regle="RG-20",
    versions=fixe(2, textes.R_441_5_3, date(2020, 2, 22)),
)
SEUIL_DU_SECRET = Parametre(
    libelle="Effectif de ménages en dessous duquel un nombre est masqué dans ce qui est envoyé à tous",
    unite="ménages",
    regle="RG-64",
    versions=fixe(5, textes.RGPD),
    certitude=Certitude.PRATIQUE,
)
EFFECTIF_MINIMAL_D_EQUILIBRE = Parametre(
    libelle="Nombre de logements reçus à partir duquel un écart de structure alerte",
    unite="logements",
    regle="RG-48",
    versions=fixe(10, textes.PRATIQUE),
    certitude=Certitude.PRATIQUE,
)
SEUIL_D_EQUILIBRE = Parametre(
    libelle="Écart entre la structure reçue et la structure du flux éligible au-delà duquel alerter",
    unite="points de pourcentage",
    regle="RG-48",
    versions=fixe(10, textes.PRATIQUE),
    certitude=Certitude.PRATIQUE,
)


def date_limite_de_presentation(depart: date, jours: int | None, unite: str) -> date:
    """Dernier jour pour présenter un candidat : départ + délai, en jours calendaires ou ouvrés (RG-46).

    `depart` est la mise à disposition (à défaut l'orientation) ; `jours` vaut None si la convention n'en dit rien : trente
    jours calendaires.
    """
    if jours is None:
        return depart + timedelta(days=DELAI_DE_PRESENTATION.valeur(depart))
    return ajouter_jours_ouvres(depart, jours) if unite == JOURS_OUVRES else depart + timedelta(days=jours)


def date_limite_de_reponse(notification: date) -> date:
    """Dernier jour de réponse du demandeur ; un samedi, dimanche ou férié est reporté au premier jour ouvrable (RG-44).

    Notifié le 1er : le délai court du 2 et compte dix jours, jusqu'au 11 inclus.
    """
    return premier_jour_ouvre(notification + timedelta(days=DELAI_DE_REPONSE.valeur(notification)))


def est_refus_par_silence(notification: date, a_la_date: date) -> bool:
    """Vrai si l'absence de réponse vaut refus à cette date (RG-44)."""
    return a_la_date > date_limite_de_reponse(notification)


def dernier_jour_du_bilan(annee: int) -> date:
    """Dernier jour pour transmettre le bilan de `annee` : le 27 février de l'année suivante (RG-60)."""
    # La valeur du jour de l'échéance : le premier bilan, celui de 2019, était dû sous le décret du 20/02/2020.
    mois, jour = DERNIER_JOUR_DU_BILAN.valeur(date(annee + 1, 2, 28))
    return date(annee + 1, mois, jour)


def echeance_du_bilan(annee: int) -> date:
    """Le jour avant lequel le bilan de `annee` se transmet : le 28 février de l'année suivante (RG-60)."""
    return dernier_jour_du_bilan(annee) + UN_JOUR


def rappel_de_l_information(annee: int) -> date:
    """Date de rappel de l'information de début d'année, le 31 janvier de `annee` (RG-61)."""
    mois, jour = RAPPEL_DE_L_INFORMATION.valeur(date(annee, 1, 1))
    return date(annee, mois, jour)


def resiliation_possible_le(mise_en_demeure: date) -> date:
    """Premier jour où le préfet peut résilier : deux mois après la mise en demeure restée sans suite (RG-20)."""
    return ajouter_mois(mise_en_demeure, DELAI_DE_MISE_EN_DEMEURE.valeur(mise_en_demeure)) + UN_JOUR


def date_limite_de_publication(annee: int) -> tuple[date, date]:
    """Les deux dates de l'année qui suit : rappel (31/01) et dernier jour (27/02) (RG-61, RG-67)."""
    return rappel_de_l_information(annee + 1), dernier_jour_du_bilan(annee)
