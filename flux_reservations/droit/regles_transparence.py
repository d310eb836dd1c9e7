"""Règles : bilans et transparence, accès et données (RG-60 à RG-74)."""

from __future__ import annotations

from flux_reservations.droit import textes
from flux_reservations.droit.parametre import Certitude
from flux_reservations.droit.regle import Chapitre, Regle

VERIFIEE, PRATIQUE, INTERPRETATION = Certitude.VERIFIEE, Certitude.PRATIQUE, Certitude.INTERPRETATION

BILANS = Chapitre(
    "Bilans et transparence",
    (
        Regle(
            "RG-60", "Bilan annuel",
            "Avant le 28 février, le bailleur transmet à tous les réservataires les logements proposés et attribués l'année passée, par "
            "réservataire et par axe.",
            textes.R_441_5_1, VERIFIEE,
        ),
        Regle(
            "RG-61", "Information de début d'année",
            "En début d'année, il annonce les logements soustraits du flux, leur affectation, et rend compte des relogements passés.",
            textes.FAQ_DRIHL, VERIFIEE,
        ),
        Regle(
            "RG-62", "Présentation en commission",
            "Le bilan annuel des attributions est présenté en commission : un document, une séance, une trace.",
            textes.NOTE_MINISTERE, VERIFIEE,
        ),
        Regle(
            "RG-63", "Bilan figé",
            "Un bilan publié ne change plus ; une correction publie une nouvelle version qui dit ce qui change.",
            textes.CHOIX_DU_PROJET, INTERPRETATION,
        ),
        Regle(
            "RG-64", "Secret",
            "Rien de nominatif n'est envoyé à tous, et les petits effectifs de ménages sont masqués sans pouvoir être retrouvés.",
            textes.RGPD, PRATIQUE,
        ),
        Regle(
            "RG-65", "Périodes de construction",
            "Les logements se rangent en sept périodes de construction, d'avant 1949 à aujourd'hui.",
            textes.PRATIQUE, PRATIQUE,
        ),
        Regle(
            "RG-66", "Envois",
            "Chaque envoi obligatoire a un destinataire, une pièce, une date, une voie et un état ; le dépôt au portail est l'acte daté.",
            textes.CHOIX_DU_PROJET, INTERPRETATION,
        ),
        Regle(
            "RG-67", "Échéancier",
            "Chaque bailleur voit ses échéances de l'année et reçoit des rappels.",
            textes.PRATIQUE, PRATIQUE,
        ),
    ),
)  # fmt: skip

ACCES = Chapitre(
    "Qui voit quoi",
    (
        Regle(
            "RG-70", "Données personnelles",
            "Le bailleur est responsable, la plateforme sous-traitante ; les durées sont datées, le numéro unique chiffré, la purge "
            "automatique.",
            textes.RGPD, INTERPRETATION,
            "les principes sont dans le règlement ; les durées sont un choix du projet",
        ),
        Regle(
            "RG-71", "Journal",
            "Chaque acte laisse une trace qui ne se réécrit pas, sur des pseudonymes.",
            textes.CHOIX_DU_PROJET, INTERPRETATION,
        ),
        Regle(
            "RG-72", "Zones libres",
            "Les motifs viennent de listes fermées ; un texte libre avertit de ne rien écrire de sensible.",
            textes.RGPD, PRATIQUE,
        ),
        Regle(
            "RG-73", "Stock de la défense et de la sécurité",
            "Ces logements ne se localisent qu'à la commune, sauf pour le bailleur et leur titulaire.",
            textes.CHOIX_DU_PROJET, INTERPRETATION,
        ),
        Regle(
            "RG-74", "Contestation",
            "Un réservataire conteste une ligne de son décompte ou une carence ; la réponse est tracée et corrige s'il y a lieu.",
            textes.PRATIQUE, PRATIQUE,
        ),
    ),
)  # fmt: skip
