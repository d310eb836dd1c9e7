"""Mettre en conformité tout un département : un brouillon pour chacun, tout proposer (RG-16, RG-25)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from conventions.actions.brouillons import creer_brouillon, modifier_modalites
from conventions.actions.cycle import proposer
from conventions.chargement_preparation import charger_preparation, reservataires_a_conventionner
from conventions.domaine.codes import EtatConvention
from conventions.models import Convention
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier


@dataclass(slots=True)
class Bilan:
    """Ce qui a été fait, convention par convention, et ce qui a été refusé avec sa raison."""

    faites: list[Convention] = field(default_factory=list)
    refusees: list[tuple[str, str]] = field(default_factory=list)


def preparer_pour_tous(
    *,
    acteur: Acteur,
    bailleur_id: int,
    departement_id: str,
    effet: date,
    fin: date | None = None,
    modele_id: int | None = None,
    preremplir: bool = True,
) -> list[Convention]:
    """Ouvre un brouillon pour chaque réservataire du département qui n'en a pas : mêmes dates et modalités (RG-25), droits de son stock.

    Tout ou rien : lève `ErreurMetier` s'il n'y a personne, ou si les dates sont impossibles.
    """
    if not acteur.peut(Role.GESTIONNAIRE):
        raise AccesRefuse
    with transaction.atomic():
        reservataires = reservataires_a_conventionner(bailleur_id, departement_id, effet)
        if not reservataires:
            raise ErreurMetier(
                "personne_a_conventionner",
                "Chaque réservataire du département a déjà une convention en préparation ou en vigueur à cette date.",
                regle="RG-10",
            )
        preparation = charger_preparation(bailleur_id, departement_id, effet) if preremplir else None
        brouillons = []
        for reservataire in reservataires:
            convention = creer_brouillon(
                acteur=acteur,
                bailleur_id=bailleur_id,
                reservataire_id=reservataire.pk,
                departement_id=departement_id,
                modele_id=modele_id,
                lignes=preparation.droits_de(reservataire) if preparation else (),
            )
            modifier_modalites(
                acteur=acteur, convention_id=convention.pk, changements={"date_effet": effet, "date_fin": fin}
            )
            brouillons.append(convention)
    return brouillons


def proposer_tout(*, acteur: Acteur, bailleur_id: int, departement_id: str, le: date) -> Bilan:
    """Propose chaque brouillon du département ; chacun pour son compte : un refus n'empêche pas les autres, et se dit."""
    brouillons = Convention.objects.modifiables_par(acteur).filter(
        bailleur_id=bailleur_id, departement_id=departement_id, etat=EtatConvention.BROUILLON
    )
    return _pour_chacune(list(brouillons), lambda une: proposer(acteur=acteur, convention_id=une.pk, le=le))


def _pour_chacune(conventions: list[Convention], acte: Callable[[Convention], object]) -> Bilan:
    """Une transaction par convention."""
    bilan = Bilan()
    for convention in conventions:
        try:
            acte(convention)
        except AccesRefuse:
            raise
        except ErreurMetier as erreur:
            bilan.refusees.append((convention.numero, erreur.message))
        else:
            bilan.faites.append(convention)
    return bilan
