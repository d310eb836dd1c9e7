"""Règles : qui et quoi, conventions (RG-01 à RG-26)."""

from __future__ import annotations

from flux_reservations.droit import textes
from flux_reservations.droit.parametre import Certitude
from flux_reservations.droit.regle import Chapitre, Regle

VERIFIEE, PRATIQUE, INTERPRETATION = Certitude.VERIFIEE, Certitude.PRATIQUE, Certitude.INTERPRETATION

QUI_ET_QUOI = Chapitre(
    "Qui et quoi",
    (
        Regle(
            "RG-01", "Bailleur",
            "Le bailleur répond de l'allocation de chaque logement libéré et des équilibres de peuplement : l'outil propose, il décide.",
            textes.NOTE_MINISTERE, VERIFIEE,
        ),
        Regle(
            "RG-02", "Réservataire",
            "Un réservataire propose des candidats ; son type dit ses droits et correspond à un code de contingent du répertoire.",
            textes.ARRETE_RPLS, VERIFIEE,
        ),
        Regle(
            "RG-03", "Compte",
            "On compte par convention et sous-contingent : deux comptes pour l'État (prioritaires, agents), un pour les autres, et celui "
            "du bailleur pour ce qui reste.",
            textes.CHOIX_DU_PROJET, INTERPRETATION,
        ),
        Regle(
            "RG-04", "Territoires",
            "Un territoire couvre des communes ; ce qui change dans un logement (quartier prioritaire, hors champ) est daté, et une année "
            "passée se lit avec l'état de cette année.",
            textes.R_441_5, VERIFIEE,
        ),
        Regle(
            "RG-05", "Logement",
            "Un logement est décrit par son identifiant, sa commune, sa typologie, son financement et son année de construction.",
            textes.ARRETE_RPLS, PRATIQUE,
        ),
        Regle(
            "RG-06", "Champ du flux",
            "Le champ est le patrimoine locatif social du département, moins les foyers, l'intermédiaire et le libre, les logements de "
            "fonction, loués à une association ou gelés.",
            textes.R_441_5, PRATIQUE,
        ),
        Regle(
            "RG-07", "Stock maintenu",
            "Défense, sécurité intérieure et établissements publics de santé gardent des logements identifiés : hors du flux, ils "
            "reviennent au même titulaire à chaque libération.",
            textes.LOI_ELAN, VERIFIEE,
        ),
    ),
)  # fmt: skip

CONVENTIONS = Chapitre(
    "Conventions de réservation",
    (
        Regle(
            "RG-10", "Unicité",
            "Un bailleur et un réservataire n'ont qu'une convention en vigueur à la fois dans un département.",
            textes.R_441_5_3, VERIFIEE,
        ),
        Regle(
            "RG-11", "Périmètre",
            "La convention vaut pour le département, ou pour le territoire de la collectivité ; une échelle plus fine demande un motif et "
            "ne descend jamais au programme.",
            textes.R_441_5_3, VERIFIEE,
        ),
        Regle(
            "RG-12", "Contenu",
            "La convention dit périmètre, taux, contreparties, gestion, délais, candidats, fait générateur, report, durée et évaluation.",
            textes.R_441_5_4, PRATIQUE,
        ),
        Regle(
            "RG-13", "Droits",
            "Une convention porte des lignes de droit (contrepartie, taux, périmètre), qui s'additionnent là où leurs périmètres se "
            "recouvrent.",
            textes.R_441_5_3, INTERPRETATION,
            "les contreparties sont dans le texte ; l'addition des lignes d'un même compte est retenue ici",
        ),
        Regle(
            "RG-14", "Plafonds",
            "À chaque date et sur chaque commune : l'État à 30 % au plus dont 5 % d'agents, la somme à 100 %, les garanties des "
            "collectivités à 20 %, un apport de terrain ou un financement s'y ajoutant ; une dérogation préfectorale motivée, prise par "
            "arrêté, peut lever les deux premiers pour un an au plus.",
            textes.R_441_5_2, INTERPRETATION,
            "les plafonds de l'État, la somme et la dérogation sont lus dans le texte ; les 20 % de garanties, au total sur chaque "
            "commune, sont la lecture retenue de la note du ministère",
        ),
        Regle(
            "RG-15", "Partage des garanties",
            "Entre garants d'un même territoire, la part ouverte par les garanties d'emprunt se partage au prorata des montants garantis.",
            textes.NOTE_MINISTERE, VERIFIEE,
        ),
        Regle(
            "RG-16", "Cycle de vie",
            "Une convention est en brouillon, proposée, puis signée ; en vigueur et échue se déduisent des dates, et un avenant continue "
            "le même compte.",
            textes.CHOIX_DU_PROJET, INTERPRETATION,
        ),
        Regle(
            "RG-17", "Transmission",
            "Toute convention signée est transmise sans délai au préfet et, selon le territoire, au président de chaque intercommunalité "
            "concernée, de la métropole de Lyon, de l'établissement public territorial du Grand Paris, ou au maire de Paris.",
            textes.R_441_5_3, VERIFIEE,
        ),
        Regle(
            "RG-18", "Information préalable",
            "Avant la mise en conformité, un état des lieux des logements conventionnés est envoyé le même jour à tous les réservataires "
            "et aux intercommunalités ; ce que le RPLS déclare réservé y est rapproché des droits enregistrés.",
            textes.DECRET_2020_145, VERIFIEE,
        ),
        Regle(
            "RG-19", "Échéance et repli du préfet",
            "Les droits en stock d'un réservataire qui n'a pas signé à l'échéance s'ajoutent au flux du préfet, dans un compte à part, "
            "jusqu'à la veille de l'effet de sa convention.",
            textes.LOI_3DS, INTERPRETATION,
            "la loi ajoute ces droits au flux du préfet ; le compte à part, le taux, le territoire et la fin à la veille de l'effet sont "
            "la lecture retenue",
        ),
        Regle(
            "RG-20", "Manquement",
            "Une mise en demeure restée deux mois sans suite permet au préfet de résilier ; à défaut de convention, un arrêté du préfet "
            "fixe les droits.",
            textes.R_441_5_3, VERIFIEE,
        ),
        Regle(
            "RG-21", "Gestion directe ou déléguée",
            "En gestion directe le réservataire présente ses candidats ; en gestion déléguée le bailleur choisit parmi son public, sans "
            "délai de présentation, et rend compte.",
            textes.R_441_5_4, VERIFIEE,
        ),
        Regle(
            "RG-22", "Programme neuf",
            "La première mise en location se concerte ; elle se compte à part, ou dans le flux si la convention le dit.",
            textes.DECRET_2020_145, PRATIQUE,
            "la concertation est dans le texte ; le compteur à part est la pratique, et l'État suit son taux dans les deux cas",
        ),
        Regle(
            "RG-23", "Garanties éteintes",
            "Quand l'emprunt garanti est remboursé, le bailleur en informe le garant ; ses droits courent encore cinq ans à compter du "
            "dernier versement, puis s'éteignent.",
            textes.R_441_6, VERIFIEE,
        ),
        Regle(
            "RG-24", "Tendre vers le maximum",
            "L'État tend vers son taux maximal : une convention en dessous, fût-ce sur une commune, est signalée avec son motif.",
            textes.NOTE_MINISTERE, VERIFIEE,
        ),
        Regle(
            "RG-25", "Égalité de traitement",
            "Les conventions d'un bailleur dans un département sont conclues ensemble et sans différence de traitement.",
            textes.NOTE_MINISTERE, VERIFIEE,
        ),
        Regle(
            "RG-26", "Délégation entre collectivités",
            "Un garant peut déléguer ses droits à une commune, qui agit en son nom ; le compte décompté reste le sien.",
            textes.PRATIQUE, PRATIQUE,
        ),
    ),
)  # fmt: skip
