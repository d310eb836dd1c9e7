"""Mettre en conformité tout un département : un brouillon pour chacun, tout proposer (RG-16, RG-25)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from conventions.actions.brouillons import creer_brouillon, modifier_modalites
from conventions.actions.cycle import proposer
from conventions.chargement_preparation import charger_preparation, reservataires_a_conventionner
from conventions.chargement_texte import empreinte_de
from conventions.domaine.codes import EtatConvention
from conventions.models import Convention
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.socle.relecture import empreinte_des_donnees, exiger_la_version_lue


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


def brouillons_a_proposer(acteur: Acteur, bailleur_id: int, departement_id: str) -> list[Convention]:
    """Les brouillons du département, avec de quoi en calculer l'empreinte (nombre fixe de requêtes, gabarits à part)."""
    brouillons = Convention.objects.modifiables_par(acteur).filter(
        bailleur_id=bailleur_id, departement_id=departement_id, etat=EtatConvention.BROUILLON
    )
    return list(brouillons.select_related("gabarit").prefetch_related("droits__perimetre", "droits__assiette"))


def empreinte_des_brouillons(brouillons: Iterable[Convention]) -> str:
    """Celle de tous : un brouillon changé, ajouté ou retiré la change."""
    return empreinte_des_donnees([[un.pk, empreinte_de(un)] for un in brouillons])


def proposer_tout(
    *, acteur: Acteur, bailleur_id: int, departement_id: str, le: date, empreinte_lue: str | None = None
) -> Bilan:
    """Propose chaque brouillon du département ; chacun pour son compte : un refus n'empêche pas les autres, et se dit.

    Lève `Conflit` si `empreinte_lue`, celle des brouillons montrés, n'est plus la leur ; changé pendant l'acte, un brouillon est refusé.
    """
    brouillons = brouillons_a_proposer(acteur, bailleur_id, departement_id)
    exiger_la_version_lue(empreinte_lue, empreinte_des_brouillons(brouillons), regle="RG-16")
    return _pour_chacune(
        brouillons,
        lambda un: proposer(acteur=acteur, convention_id=un.pk, le=le, empreinte_lue=empreinte_de(un)),
    )


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
