"""Réviser le lot : les propositions qui attendent, sous le verrou des comptes, et ce qui a changé (moteur.md § 2 et 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from attributions.chargement.comptes import Comptes, etablir_le_lot, presenter_eligibles, propositions_des_comptes
from attributions.chargement.moteur import AnneeDuMoteur
from attributions.domaine.codes import Issue
from attributions.domaine.lot_vivant import LigneDuLot, LotVivant
from attributions.models import Liberation, Proposition
from conventions.models import Bailleur
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import AccesRefuse, Introuvable
from flux_reservations.socle.journal import journaliser
from flux_reservations.socle.rls import en_systeme


@dataclass(frozen=True, slots=True)
class LotRevise:
    """Le lot d'aujourd'hui, et combien de propositions sont nouvelles ou ont changé."""

    lignes: tuple[LigneDuLot, ...]
    nouvelles: int
    changees: int


def verrouiller_les_comptes(comptes: Comptes) -> None:
    """Prend, jusqu'à la fin de la transaction, le verrou des comptes : deux agents ne décident pas sur le même état."""
    cle = f"moteur {comptes.bailleur.pk} {comptes.departement} {comptes.annee}"
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [cle])


def reviser_le_lot(
    *, acteur: Acteur, bailleur_id: int, departement: str, annee: int, le: date, cause: str
) -> LotRevise:
    """Revoit toutes les propositions de l'année, à la date du jour ; `cause` dit pourquoi, à l'écran et au journal.

    Sans rien de nouveau, ne change rien. Lève `Introuvable` ou `AccesRefuse`.
    """
    with transaction.atomic():
        comptes = Comptes(trouver_bailleur_modifiable(acteur, bailleur_id), departement, annee)
        verrouiller_les_comptes(comptes)
        chargee, vivant = etablir_le_lot(comptes, le)
        return deposer_le_lot(acteur, comptes, chargee, vivant, cause)


def reviser_le_lot_de(*, acteur: Acteur, liberation: Liberation, le: date, cause: str) -> LotRevise:
    """Revoit le lot où se décide cette libération, après ce qui vient de lui arriver, dans la transaction en cours.

    Le lot est au bailleur : un réservataire qui rend un logement le fait revoir sans pouvoir le lire.
    """
    with transaction.atomic(), en_systeme():
        comptes = Comptes.d_une_liberation(liberation, le)
        verrouiller_les_comptes(comptes)
        chargee, vivant = etablir_le_lot(comptes, le)
        return deposer_le_lot(acteur, comptes, chargee, vivant, cause)


def reviser_les_lots(*, acteur: Acteur, le: date) -> int:
    """Revoit chaque lot qui attend, une fois par jour : les poids sont ceux de la date du jour ; rend combien ont changé."""
    attente = (
        Liberation.objects.modifiables_par(acteur)
        .actives()
        .filter(exclusion="", date_bail__isnull=True)
        .exclude(orientations__issue__in=[Issue.EN_COURS, Issue.BAIL, Issue.CARENCE])
        .order_by()
        .values_list("bailleur_id", "logement__commune__departement_id", "date_disponibilite__year")
        .distinct()
    )
    lots = sorted({(bailleur, departement, max(annee, le.year)) for bailleur, departement, annee in attente})
    revus = [
        reviser_le_lot(
            acteur=acteur, bailleur_id=bailleur, departement=departement, annee=annee, le=le, cause="revue du jour"
        )
        for bailleur, departement, annee in lots
    ]
    return sum(1 for lot in revus if lot.nouvelles or lot.changees)


def trouver_bailleur_modifiable(acteur: Acteur, bailleur_id: int) -> Bailleur:
    """Le bailleur, si l'acteur peut y orienter ; lève `Introuvable` ou `AccesRefuse`."""
    bailleur = Bailleur.objects.modifiables_par(acteur).filter(pk=bailleur_id).first()
    if bailleur is None:
        if Bailleur.objects.visibles_par(acteur).filter(pk=bailleur_id).exists() and acteur.est_bailleur:
            raise AccesRefuse
        raise Introuvable
    return bailleur


def deposer_le_lot(
    acteur: Acteur, comptes: Comptes, chargee: AnneeDuMoteur, vivant: LotVivant, cause: str
) -> LotRevise:
    """Écrit le lot d'aujourd'hui : ajoute, change, retire ; journalise ce qui a changé. Sous le verrou des comptes."""
    lignes = vivant.lignes()
    existantes = {
        proposition.liberation_id: proposition
        for proposition in propositions_des_comptes(comptes).select_related("liberation", "reservataire")
    }
    maintenant = timezone.now()
    nouvelles, revues, changees = [], [], []
    for ligne in lignes:
        liberation = chargee.liberations[ligne.numero]
        proposition = existantes.pop(liberation, None)
        if proposition is None:
            proposition = Proposition(liberation_id=liberation, compte_initial=ligne.initial)
            nouvelles.append(proposition)
        else:
            if ligne.a_change:
                changees.append({"liberation": ligne.numero, "de": ligne.precedente, "a": ligne.partie})
                proposition.compte_precedent = ligne.precedente
                proposition.changee_le = maintenant
                proposition.changements = [
                    *proposition.changements,
                    {"le": maintenant, "de": ligne.precedente, "a": ligne.partie, "cause": cause},
                ]
            revues.append(proposition)
        proposition.reservataire_id, proposition.sous_contingent = chargee.compte(ligne.partie)
        proposition.phrase = ligne.phrase
        proposition.eligibles = presenter_eligibles(ligne.eligibles)
        proposition.revisee_le = maintenant
        proposition.version_regles = vivant.moteur.reglages.version[:40]
    Proposition.objects.bulk_create(nouvelles)
    Proposition.objects.bulk_update(revues, _CHAMPS_REVUS, batch_size=500)
    Proposition.objects.filter(pk__in=[proposition.pk for proposition in existantes.values()]).delete()
    if nouvelles or changees or existantes:
        _journaliser_le_lot(
            acteur, comptes, cause, {"nouvelles": len(nouvelles), "changees": changees, "retirees": len(existantes)}
        )
    return LotRevise(lignes, len(nouvelles), len(changees))


_CHAMPS_REVUS = [
    "reservataire",
    "sous_contingent",
    "phrase",
    "eligibles",
    "compte_precedent",
    "changements",
    "changee_le",
    "revisee_le",
    "version_regles",
]


def _journaliser_le_lot(acteur: Acteur, comptes: Comptes, cause: str, apres: dict[str, Any]) -> None:
    journaliser(
        acteur=acteur,
        action="reviser_le_lot",
        objet=comptes.bailleur,
        organisme_id=comptes.bailleur.pk,
        apres={"departement": comptes.departement, "annee": comptes.annee, "cause": cause, **apres},
    )
