"""Les codes des attributions partagés par les fichiers, la base et l'API (formats.md § 1)."""

from __future__ import annotations

from collections.abc import Mapping

from conventions.domaine.codes import Code


class NatureLiberation(Code):
    """Relocation, ou première mise en location d'un programme neuf (RG-22)."""

    RELOCATION = "relocation", "Relocation"
    PREMIERE_LOCATION = "premiere_location", "Première location"


class Exclusion(Code):
    """Motif d'exclusion du flux (RG-31), dans l'ordre des fichiers."""

    MUTATION = "mutation", "Mutation au sein du parc"
    ANRU = "anru", "Relogement ANRU"
    ORCOD = "orcod", "Relogement ORCOD"
    INSALUBRITE = "insalubrite", "Relogement (insalubrité)"
    VENTE = "vente", "Relogement (vente)"


class Retrait(Code):
    """Pourquoi une libération n'a plus lieu (RG-40)."""

    CONGE_ANNULE = "conge_annule", "Congé annulé"
    GEL = "gel", "Logement gelé"
    VENTE = "vente", "Logement vendu"


class Decision(Code):
    """Décision de la CALEOL (RG-43)."""

    ATTRIBUTION = "attribution", "Attribution"
    RANG = "rang", "Attribution par rang"
    CONDITION = "condition", "Attribution sous condition suspensive"
    NON_ATTRIBUTION = "non_attribution", "Non-attribution"
    IRRECEVABILITE = "irrecevabilite", "Irrecevabilité"


class MotifPeuDeCandidats(Code):
    """Pourquoi la commission examine moins de trois demandes (RG-42) ; vide : trois au moins."""

    INSUFFISANCE = "insuffisance", "Pas assez de candidats"
    DESIGNATION = "designation", "Ménage désigné par le préfet"
    TRES_SOCIAL = "tres_social", "Logement très social adapté"


DECISIONS_FAVORABLES = frozenset({Decision.ATTRIBUTION, Decision.RANG, Decision.CONDITION})
"""Décisions qui valent attribution (RG-45)."""


class Issue(Code):
    """Où en est, ou comment finit, une orientation (RG-46)."""

    EN_COURS = "en_cours", "En cours"
    BAIL = "bail", "Bail signé"
    CARENCE = "carence", "Carence"
    RENDU = "rendu", "Rendu"
    RETIRE = "retire", "Retirée"


class Public(Code):
    """Public d'un ménage (RG-49, RG-50)."""

    DALO = "dalo", "DALO"
    PRIORITAIRE = "prioritaire", "Prioritaire (L441-1)"
    PREMIER_QUARTILE = "premier_quartile", "Premier quartile"
    AGENT = "agent", "Agent de l'État"
    MUTATION = "mutation", "Mutation"
    AUTRE = "autre", "Autre"


class Reponse(Code):
    """Réponse du demandeur à une offre (RG-44) ; le silence vaut refus."""

    ACCEPTE = "accepte", "Accepte"
    REFUSE = "refuse", "Refuse"
    SILENCE = "silence", "Silence (refus)"
    DESISTEMENT = "desistement", "Désistement"


class OrigineSolde(Code):
    """D'où vient un solde reporté (RG-47)."""

    SAISI = "saisi", "Saisi à l'ouverture"
    BILAN = "bilan", "Arrêté par un bilan publié"


COMPTE_BAILLEUR = "BAILLEUR"
"""Code du compte du bailleur (non réservé, RG-03)."""


def code_compte(code_reservataire: str, sous_contingent: str) -> str:
    """Code public d'un compte : `CODE`, `CODE/prioritaires`, `CODE/agents`, `CODE/repli` ou `BAILLEUR`."""
    if not code_reservataire:
        return COMPTE_BAILLEUR
    return f"{code_reservataire}/{sous_contingent}" if sous_contingent else code_reservataire


def nommer_compte(compte: str, noms: Mapping[str, str], bailleur: str = "Le bailleur") -> str:
    """Nom lisible d'un compte : « Ville de Créteil », « État (agents) », « Le bailleur » ; le code à défaut de nom (RG-03).

    `noms` : nom de chaque réservataire par son code.
    """
    if compte == COMPTE_BAILLEUR:
        return bailleur
    code, _, sous_contingent = compte.partition("/")
    nom = noms.get(code, code)
    return f"{nom} ({sous_contingent})" if sous_contingent else nom
