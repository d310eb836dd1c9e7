"""Le parcours d'une libération, de l'orientation au bail : étapes, échéances et ce qui ne peut pas se faire (RG-40 à RG-46)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from attributions.domaine.codes import DECISIONS_FAVORABLES, Decision, Issue, Reponse
from attributions.domaine.limites import limite_prolongee
from flux_reservations.commun.arrondis import accorder
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.droit.delais import (
    CANDIDATS_MINIMUM,
    RELANCES_DE_PRESENTATION,
    date_limite_de_reponse,
    est_refus_par_silence,
)

_NUMERO_DEMANDE = re.compile(r"^[0-9A-Z]{18}$")


class Etape(StrEnum):
    """Où en est une orientation ; `libelle` est ce qui reste à faire."""

    MISE_A_DISPOSITION = "mise_a_disposition"
    CANDIDATS = "candidats"
    SEANCE = "seance"
    OFFRE = "offre"
    BAIL = "bail"
    FINIE = "finie"

    @property
    def libelle(self) -> str:
        """Ce qui reste à faire, à l'infinitif."""
        return {
            Etape.MISE_A_DISPOSITION: "Mettre à disposition",
            Etape.CANDIDATS: "Présenter des candidats",
            Etape.SEANCE: "Examiner en CALEOL",
            Etape.OFFRE: "Attendre la réponse du demandeur",
            Etape.BAIL: "Signer le bail",
            Etape.FINIE: "Rien : le parcours est fini",
        }[self]


@dataclass(frozen=True, slots=True)
class Offre:
    """Un candidat à qui le logement a été attribué : son rang, la notification, sa réponse."""

    rang: int
    notification: date | None
    reponse: str


@dataclass(frozen=True, slots=True)
class Parcours:
    """Les faits d'une orientation qui disent où elle en est."""

    est_au_bailleur: bool
    est_deleguee: bool
    date_orientation: date
    issue: str
    mise_a_disposition: date | None = None
    proposition: date | None = None
    caleol: date | None = None
    decision: str = ""
    delai_jours: int | None = None
    delai_unite: str = "calendaires"
    limite_prolongee: date | None = None
    offres: tuple[Offre, ...] = ()
    a_examiner: int | None = None
    """Candidats que la commission n'a pas examinés ; None si le dossier ne les connaît pas un à un (import)."""

    @property
    def est_attribuee(self) -> bool:
        """Vrai si une décision favorable de la CALEOL tient encore."""
        return self.caleol is not None and self.decision in DECISIONS_FAVORABLES


def etape_de(parcours: Parcours) -> Etape:
    """L'étape à laquelle est une orientation."""
    if parcours.issue != Issue.EN_COURS:
        return Etape.FINIE
    if not parcours.est_au_bailleur and parcours.mise_a_disposition is None:
        return Etape.MISE_A_DISPOSITION
    if parcours.proposition is None:
        return Etape.CANDIDATS
    if not parcours.est_attribuee:
        est_nouveau = parcours.a_examiner is None and parcours.caleol is None
        return Etape.SEANCE if parcours.a_examiner or est_nouveau else Etape.CANDIDATS
    if parcours.offres and not any(offre.reponse == Reponse.ACCEPTE for offre in parcours.offres):
        return Etape.OFFRE
    return Etape.BAIL


def limite_de_presentation(parcours: Parcours) -> date | None:
    """Dernier jour pour présenter un candidat ; None en gestion déléguée ou pour le bailleur (RG-21, RG-46).

    Tant que le logement n'est pas mis à disposition, aucun délai ne court contre le réservataire : None. La date d'orientation n'en
    tient lieu que pour un dossier déjà fini (importé en carence sans mise à disposition).
    """
    if parcours.est_au_bailleur or parcours.est_deleguee:
        return None
    if parcours.mise_a_disposition is None and parcours.issue == Issue.EN_COURS:
        return None
    depart = parcours.mise_a_disposition or parcours.date_orientation
    return limite_prolongee(depart, parcours.delai_jours, parcours.delai_unite, parcours.limite_prolongee)


def est_en_carence(parcours: Parcours, le: date) -> bool:
    """Vrai si le délai est passé sans candidat (RG-46) : le bailleur reprend le logement pour un tour."""
    limite = limite_de_presentation(parcours)
    return (
        parcours.issue == Issue.EN_COURS
        and parcours.mise_a_disposition is not None
        and parcours.proposition is None
        and limite is not None
        and le > limite
    )


def est_en_retard(parcours: Parcours, le: date) -> bool:
    """Vrai si la date limite est passée sans qu'aucun candidat n'ait jamais été présenté."""
    limite = limite_de_presentation(parcours)
    return parcours.issue == Issue.EN_COURS and parcours.proposition is None and limite is not None and le > limite


def ce_qui_reste(parcours: Parcours) -> str:
    """Le prochain geste, en clair : à qui notifier l'offre, de qui l'on attend la réponse (RG-43, RG-44)."""
    etape = etape_de(parcours)
    if etape is Etape.CANDIDATS and parcours.proposition is not None:
        return "Présenter d'autres candidats : la commission n'en a retenu aucun, ou tous ont refusé"
    if etape is not Etape.OFFRE:
        return etape.libelle
    suivante = offre_suivante(parcours.offres)
    if suivante is None:
        return etape.libelle
    limite = limite_de_reponse(suivante.notification)
    if limite is None:
        return f"Notifier l'offre au rang {suivante.rang}"
    return f"Attendre la réponse du rang {suivante.rang}, jusqu'au {limite:%d/%m/%Y} (ensuite, son silence vaut refus)"


def relance_due(parcours: Parcours, le: date) -> tuple[date, bool] | None:
    """La relance à envoyer ce jour-là : la date limite, et s'il s'agit de la dernière ; None s'il n'y en a pas (RG-67).

    Un jour manqué se rattrape : le palier le plus proche de l'échéance l'emporte, un seul message part.
    """
    limite = limite_de_presentation(parcours)
    if limite is None or parcours.mise_a_disposition is None or parcours.issue != Issue.EN_COURS:
        return None
    paliers = RELANCES_DE_PRESENTATION.valeur(le)
    jours = (limite - le).days
    if parcours.proposition is not None or not 0 <= jours <= max(paliers) or parcours.mise_a_disposition >= le:
        return None
    return limite, jours <= min(paliers)


def avertir_numero_demande(numero: str) -> str:
    """Avertissement de forme sur un numéro unique de demande ; vide s'il est plausible. Ne bloque jamais (RG-49)."""
    if _NUMERO_DEMANDE.match(numero):
        return ""
    return (
        f"« {numero} » n'a pas la forme d'un numéro unique de demande : 18 chiffres ou lettres majuscules, sans espace."
    )


def avertir_nombre_de_candidats(nombre: int, attendu: int | None, le: date) -> str:
    """Avertissement quand moins de demandes que prévu sont examinées ; vide sinon (RG-42)."""
    minimum = attendu or CANDIDATS_MINIMUM.valeur(le)
    if nombre >= minimum:
        return ""
    pluriel = "s" if nombre > 1 else ""
    return (
        f"{nombre or 'aucun'} candidat{pluriel} pour {accorder(minimum, 'attendu')} : dites pourquoi (pas assez de candidats, ménage "
        "désigné par le préfet, logement très social adapté)."
    )


def verifier_apres(champ: str, le: date, plancher: date | None, quoi: str) -> None:
    """Lève `ErreurMetier` si une date précède l'étape d'avant."""
    if plancher is not None and le < plancher:
        raise ErreurMetier(
            "date_avant_etape",
            f"Le {le:%d/%m/%Y} précède {quoi} ({plancher:%d/%m/%Y}) : corrigez la date, ou l'étape d'avant.",
            champ=champ,
        )


def verifier_bail(parcours: Parcours, le: date, conge: date | None) -> None:
    """Lève `ErreurMetier` si un bail ne peut pas être signé à cette date : étape sautée, refus, date impossible."""
    verifier_apres("date_bail", le, conge, "le congé")
    if parcours.issue != Issue.EN_COURS:
        raise ErreurMetier(
            "orientation_finie", "Cette orientation est déjà terminée : orientez de nouveau le logement."
        )
    if parcours.caleol is None:
        raise ErreurMetier(
            "etape_sautee",
            "Aucune décision favorable de la CALEOL : inscrivez le logement à une séance, puis décidez.",
            regle="RG-43",
        )
    if parcours.decision not in DECISIONS_FAVORABLES:
        raise ErreurMetier(
            "non_attribue",
            "La CALEOL n'a attribué ce logement à personne : présentez d'autres candidats.",
            regle="RG-43",
        )
    verifier_apres("date_bail", le, parcours.caleol, "la décision de la CALEOL")
    if parcours.offres and not any(offre.reponse == Reponse.ACCEPTE for offre in parcours.offres):
        raise ErreurMetier(
            "offre_sans_reponse", "Aucun candidat n'a accepté l'offre : saisissez sa réponse.", regle="RG-44"
        )


def tous_ont_refuse(offres: tuple[Offre, ...]) -> bool:
    """Vrai si chacun de ceux que la commission a retenus a refusé : il faut présenter d'autres candidats (RG-46)."""
    return bool(offres) and all(offre.reponse and offre.reponse != Reponse.ACCEPTE for offre in offres)


def offre_suivante(offres: tuple[Offre, ...]) -> Offre | None:
    """Le premier rang qui n'a pas refusé ; None si tous ont refusé (RG-43 : le refus fait passer au suivant)."""
    restantes = [offre for offre in sorted(offres, key=lambda offre: offre.rang) if not offre.reponse]
    return restantes[0] if restantes else None


def limite_de_reponse(notification: date | None) -> date | None:
    """Dernier jour de réponse à une offre notifiée (RG-44)."""
    return date_limite_de_reponse(notification) if notification else None


def est_silence(offre: Offre, le: date) -> bool:
    """Vrai si l'absence de réponse vaut refus à cette date (RG-44)."""
    return not offre.reponse and offre.notification is not None and est_refus_par_silence(offre.notification, le)


def jours_de_vacance(disponibilite: date, bail: date | None, le: date) -> int:
    """Jours entre la disponibilité et le bail (ou aujourd'hui) ; zéro si le logement n'est pas encore disponible."""
    return max(((bail or le) - disponibilite) // timedelta(days=1), 0)


def decision_d_ensemble(decisions: list[str]) -> str:
    """La décision portée par l'orientation, de celles des candidats : la plus favorable (RG-43)."""
    for decision in (Decision.ATTRIBUTION, Decision.RANG, Decision.CONDITION, Decision.NON_ATTRIBUTION):
        if decision in decisions:
            return decision
    return Decision.IRRECEVABILITE if decisions else ""
