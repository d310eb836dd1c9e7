"""Les codes du domaine partagés par les fichiers, la base et l'API (formats.md § 1), et leurs libellés."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Code(StrEnum):
    """Énumération de codes courts ; `libelle` est ce qu'on lit à l'écran."""

    libelle: str

    def __new__(cls, valeur: str, libelle: str = "") -> Code:
        """Un code et son libellé."""
        membre = str.__new__(cls, valeur)
        membre._value_ = valeur
        membre.libelle = libelle or valeur
        return membre

    @classmethod
    def choix(cls) -> list[tuple[str, str]]:
        """Couples (code, libellé) pour un champ Django."""
        return [(membre.value, membre.libelle) for membre in cls]


class Statut(Code):
    """Statut d'un bailleur (RG-01)."""

    OPH = "oph", "Office public de l'habitat"
    ESH = "esh", "Entreprise sociale pour l'habitat"
    COOP = "coop", "Coopérative HLM"
    SEM = "sem", "Société d'économie mixte agréée"
    MOI = "moi", "Maîtrise d'ouvrage d'insertion"


class TypeReservataire(Code):
    """Type de réservataire (RG-02)."""

    ETAT = "etat", "État"
    ACTION_LOGEMENT = "action_logement", "Action Logement"
    COMMUNE = "commune", "Commune"
    EPCI = "epci", "EPCI"
    EPT = "ept", "EPT"
    METROPOLE = "metropole", "Métropole"
    VILLE_PARIS = "ville_paris", "Ville de Paris"
    DEPARTEMENT = "departement", "Département"
    REGION = "region", "Région"
    EMPLOYEUR = "employeur", "Employeur"
    ORGANISME = "organisme", "Organisme"
    DEFENSE = "defense", "Défense nationale"
    SECURITE_INTERIEURE = "securite_interieure", "Sécurité intérieure"
    SANTE = "sante", "Établissement public de santé"


COLLECTIVITES: Final = frozenset(
    {
        TypeReservataire.COMMUNE,
        TypeReservataire.EPCI,
        TypeReservataire.EPT,
        TypeReservataire.METROPOLE,
        TypeReservataire.VILLE_PARIS,
        TypeReservataire.DEPARTEMENT,
        TypeReservataire.REGION,
    }
)
SEUL_SUR_SON_TERRITOIRE: Final = COLLECTIVITES | {TypeReservataire.ETAT}
"""Types dont il n'y a qu'un organisme par territoire : le préfet d'un département, la commune d'une commune."""
STOCK_MAINTENU: Final = frozenset(
    {TypeReservataire.DEFENSE, TypeReservataire.SECURITE_INTERIEURE, TypeReservataire.SANTE}
)
"""Types dont le stock reste identifié dans des programmes (RG-07)."""


class Typologie(Code):
    """Typologie d'un logement (RG-05) ; T6 = six pièces et plus."""

    T1 = "T1"
    T2 = "T2"
    T3 = "T3"
    T4 = "T4"
    T5 = "T5"
    T6 = "T6", "T6 et plus"


TYPOLOGIES: Final = tuple(typologie.value for typologie in Typologie)


class Financement(Code):
    """Financement d'origine d'un logement (RG-05)."""

    PLAI = "PLAI"
    PLUS = "PLUS"
    PLS = "PLS"
    HBM = "HBM"
    HLMO = "HLMO"
    PLA = "PLA"
    PLATS = "PLATS"
    ILM = "ILM"
    ILN = "ILN"
    PLI = "PLI"
    AUTRE = "AUTRE", "Autre"


class HorsChamp(Code):
    """Motif pour lequel un logement est hors du champ du flux (RG-06)."""

    FOYER = "foyer", "Logement-foyer"
    INTERMEDIAIRE = "intermediaire", "Intermédiaire"
    LIBRE = "libre", "Libre"
    FONCTION = "fonction", "Logement de fonction"
    ASSOCIATION = "association", "Loué à une association"
    GELE = "gele", "Gelé (démolition, vente, travaux)"


class Contrepartie(Code):
    """Contrepartie d'un droit (RG-13)."""

    CONTINGENT_PREFECTORAL = "contingent_prefectoral", "Contingent préfectoral"
    GARANTIE_EMPRUNT = "garantie_emprunt", "Garantie d'emprunt"
    APPORT_TERRAIN = "apport_terrain", "Apport de terrain"
    FINANCEMENT = "financement", "Financement"
    LOGEMENTS_IDENTIFIES = "logements_identifies", "Logements identifiés"


class NatureDroitStock(Code):
    """Nature d'un droit en stock : à chaque libération, ou une seule fois."""

    SUITE = "suite", "Droit de suite"
    UNIQUE = "unique", "Droit unique"


class SousContingent(Code):
    """Sous-contingent d'un compte (RG-03) ; vide pour qui n'est pas l'État ; `repli` : RG-19."""

    AUCUN = "", "—"
    PRIORITAIRES = "prioritaires", "Prioritaires"
    AGENTS = "agents", "Agents de l'État"
    REPLI = "repli", "Repli du préfet"


class EtatConvention(Code):
    """État enregistré d'une version de convention (RG-16) ; « en vigueur » et « échue » se déduisent des dates."""

    BROUILLON = "brouillon", "Brouillon"
    PROPOSEE = "proposee", "Proposée"
    SIGNEE = "signee", "Signée"


class Gestion(Code):
    """Qui choisit les candidats (RG-21)."""

    DIRECTE = "directe", "Directe"
    DELEGUEE = "deleguee", "Déléguée"


class DelaiUnite(Code):
    """Unité du délai de présentation (RG-46)."""

    CALENDAIRES = "calendaires", "Jours calendaires"
    OUVRES = "ouvres", "Jours ouvrés"


class FaitGenerateur(Code):
    """Date à laquelle un logement est décompté (RG-45)."""

    MISE_A_DISPOSITION = "mise_a_disposition", "Mise à disposition"
    PROPOSITION = "proposition", "Proposition de candidats"
    ATTRIBUTION = "attribution", "Attribution en CALEOL"
    BAIL = "bail", "Signature du bail"


class Report(Code):
    """Report du solde sur l'année suivante (RG-47) ; vide = défaut du type de réservataire."""

    DEFAUT = "", "Par défaut"
    TOTAL = "total", "Total"
    PLAFONNE = "plafonne", "Plafonné"
    AUCUN = "aucun", "Aucun"


class PremieresLocations(Code):
    """Où comptent les premières mises en location d'un programme neuf (RG-22)."""

    A_PART = "a_part", "Compteur à part"
    DANS_LE_FLUX = "dans_le_flux", "Dans le flux"


class VoieDeRemise(Code):
    """Comment une autorité reçoit (RG-66)."""

    PORTAIL = "portail", "Portail, avec un avis par courriel"
    COURRIEL = "courriel", "Courriel"
    RECOMMANDE = "recommande", "Recommandé, à saisir"


class EtatConcertation(Code):
    """Où en est la concertation d'un programme neuf (RG-22)."""

    OUVERTE = "ouverte", "Ouverte"
    ARRETEE = "arretee", "Répartition arrêtée"
    DANS_LE_FLUX = "dans_le_flux", "Entré dans le flux"


class NaturePiece(Code):
    """Ce qu'est une pièce ajoutée au dossier d'une convention signée (RG-12, RG-16)."""

    EXEMPLAIRE = "exemplaire", "Exemplaire signé"
    AVENANT = "avenant", "Avenant signé"
    ANNEXE = "annexe", "Annexe"
    AUTRE = "autre", "Autre pièce"


class SuiteManquement(Code):
    """Ce qui suit une mise en demeure (RG-20)."""

    REGULARISE = "regularise", "Régularisé"
    RESILIATION = "resiliation", "Convention résiliée par le préfet"
    ARRETE = "arrete", "Droits fixés par arrêté"
