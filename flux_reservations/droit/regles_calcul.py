"""Règles : assiette, taux, droits ; de la libération au bail (RG-30 à RG-53)."""

from __future__ import annotations

from flux_reservations.droit import textes
from flux_reservations.droit.parametre import Certitude
from flux_reservations.droit.regle import Chapitre, Regle

VERIFIEE, PRATIQUE, INTERPRETATION = Certitude.VERIFIEE, Certitude.PRATIQUE, Certitude.INTERPRETATION

CALCUL = Chapitre(
    "Assiette, taux, droits",
    (
        Regle(
            "RG-30", "Assiette",
            "Le flux C est le nombre A de logements du champ mis en location dans l'année, moins les B exclus.",
            textes.R_441_5_2, VERIFIEE,
        ),
        Regle(
            "RG-31", "Exclusions",
            "Sortent du flux les mutations, les relogements ANRU et ORCOD, l'insalubrité avec obligation de relogement et les relogements "
            "de vente ; le locataire d'un logement vendu, relogé dans le parc, compte en vente et non en mutation.",
            textes.R_441_5_2, VERIFIEE,
        ),
        Regle(
            "RG-32", "Prévision",
            "A et B de l'année à venir s'estiment, commune par commune, sur les trois dernières années connues, à défaut sur la rotation "
            "du patrimoine (celle que montrent les baux en cours du RPLS, s'il est importé) ; ils se corrigent, et se figent à leur "
            "publication.",
            textes.PRATIQUE, PRATIQUE,
        ),
        Regle(
            "RG-33", "Droits",
            "Chaque mise en location ajoute à une ligne de droit son taux ; les droits entiers somment au flux, l'État à l'entier "
            "inférieur, les autres aux plus forts restes.",
            textes.R_441_5_2, INTERPRETATION,
        ),
        Regle(
            "RG-34", "Taux des autres réservataires",
            "Le taux est le rapport des logements identifiés au patrimoine du champ, stock maintenu retiré des deux.",
            textes.NOTE_MINISTERE, INTERPRETATION,
            "le rapport est dans la note ; retirer le stock maintenu des deux termes est retenu ici",
        ),
        Regle(
            "RG-35", "Conversion du stock",
            "Le stock se lit de trois façons : droits de suite rapportés au patrimoine, les mêmes pondérés par la rotation, et droits "
            "uniques comptés en nombre.",
            textes.PRATIQUE, PRATIQUE,
        ),
        Regle(
            "RG-36", "Uniformité",
            "Le taux de l'État est le même sur chaque commune, sauf stipulation contraire ; la part réalisée se mesure par commune.",
            textes.R_441_5_2, VERIFIEE,
        ),
        Regle(
            "RG-37", "Part hors QPV",
            "Sauf stipulation contraire de la convention, la part réservée à l'État sur le patrimoine hors des quartiers prioritaires ne "
            "peut être inférieure à 30 %. Lecture retenue : (i) l'État reçoit au moins 30 % du flux situé hors quartier, un logement "
            "d'écart étant admis. Autre lecture courante, affichée à côté : (ii) la part hors quartier dans le flux de l'État.",
            textes.R_441_5_2, INTERPRETATION,
            "le seuil est dans le texte ; la lecture (i), littérale, est retenue ici",
        ),
        Regle(
            "RG-38", "Paramètres datés",
            "Tout chiffre de droit est une valeur datée et sourcée ; un calcul prend la valeur de sa date.",
            textes.CHOIX_DU_PROJET, INTERPRETATION,
        ),
    ),
)  # fmt: skip

LIBERATIONS = Chapitre(
    "De la libération au bail",
    (
        Regle(
            "RG-40", "Étapes",
            "Une libération est qualifiée, orientée vers un compte, mise à disposition, passe en commission et finit par un bail.",
            textes.R_441_3, PRATIQUE,
        ),
        Regle(
            "RG-41", "Orientation",
            "Le moteur propose un compte et dit pourquoi ; l'agent suit ou choisit un autre compte éligible, avec un motif.",
            textes.CHOIX_DU_PROJET, INTERPRETATION,
        ),
        Regle(
            "RG-42", "Candidats",
            "Trois demandes au moins sont examinées par logement, sauf insuffisance, prioritaire désigné ou logement très social adapté.",
            textes.R_441_3, VERIFIEE,
        ),
        Regle(
            "RG-43", "Décisions de la commission",
            "La commission attribue, attribue par rang ou sous condition, n'attribue pas, ou déclare irrecevable.",
            textes.R_441_3, VERIFIEE,
        ),
        Regle(
            "RG-44", "Réponse du demandeur",
            "Le demandeur a dix jours au moins à compter du lendemain de la notification ; une échéance un samedi, un dimanche ou un jour "
            "férié passe au premier jour ouvrable ; son silence vaut refus.",
            textes.R_441_10, VERIFIEE,
        ),
        Regle(
            "RG-45", "Fait générateur",
            "Le logement est décompté à la date que la convention choisit : mise à disposition, proposition, attribution ou bail.",
            textes.PRATIQUE, PRATIQUE,
        ),
        Regle(
            "RG-46", "Décompte",
            "Un bail ou une carence est décompté, un logement rendu ne l'est pas ; une libération n'est imputée qu'une fois, à la première "
            "orientation décomptée.",
            textes.PRATIQUE, PRATIQUE,
        ),
        Regle(
            "RG-47", "Solde et report",
            "Le solde est le droit théorique plus le report moins le décompte ; il passe à l'année suivante selon la convention.",
            textes.PRATIQUE, PRATIQUE,
        ),
        Regle(
            "RG-48", "Équilibre",
            "Ce qu'un compte reçoit se compare, modalité par modalité, à la structure du flux où il était éligible au jour du bail.",
            textes.PRATIQUE, PRATIQUE,
        ),
        Regle(
            "RG-49", "Demandeurs",
            "On ne garde d'un demandeur que son numéro unique et son public ; une forme inattendue avertit sans bloquer.",
            textes.RGPD, INTERPRETATION,
        ),
        Regle(
            "RG-50", "Publics prioritaires",
            "Collectivités, Action Logement et bailleur doivent un quart de leurs attributions aux prioritaires ; hors QPV un quart au "
            "premier quartile, en QPV la moitié aux autres.",
            textes.L_441_1, PRATIQUE,
            "les parts sont dans la loi ; leur suivi par compte, à l'orientation et au bilan, est la pratique",
        ),
        Regle(
            "RG-51", "Occupation et demande",
            "À l'orientation, l'occupation de la résidence et les besoins exprimés éclairent l'agent, sans que le moteur les lise.",
            textes.NOTE_MINISTERE, VERIFIEE,
        ),
        Regle(
            "RG-52", "Mobilité",
            "Le bilan dit les mutations servies, les logements qu'elles libèrent et les relogements tenus : c'est un but de la réforme.",
            textes.NOTE_MINISTERE, VERIFIEE,
        ),
        Regle(
            "RG-53", "Libération du stock maintenu",
            "Un logement du stock maintenu revient à son titulaire par un chemin à part, compté à part.",
            textes.LOI_ELAN, INTERPRETATION,
        ),
    ),
)  # fmt: skip
