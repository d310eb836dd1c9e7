"""Une ligne de droit telle qu'on la saisit, et ce qui la rend impossible (RG-11, RG-13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from conventions.domaine.codes import COLLECTIVITES, Contrepartie, SousContingent, TypeReservataire
from flux_reservations.commun.erreurs import ErreurMetier

CENT = Decimal(100)


@dataclass(frozen=True, slots=True)
class LigneSaisie:
    """Une ligne de droit saisie : taux en %, codes de territoires (`departement:94`)."""

    contrepartie: str
    taux: Decimal
    perimetre: tuple[str, ...]
    sous_contingent: str = ""
    assiette: tuple[str, ...] = ()
    montant_garanti: Decimal | None = None
    dernier_versement: date | None = None
    """Fin de remboursement de l'emprunt garanti (RG-23) : suivie à part, jamais effacée par une saisie."""


def verifier_ligne(
    ligne: LigneSaisie,
    *,
    type_reservataire: str,
    territoire: frozenset[str],
    zones: Mapping[str, frozenset[str]],
    motif_perimetre: str,
    departement: str,
) -> None:
    """Lève `ErreurMetier` si la ligne ne peut pas exister.

    `territoire` : communes du réservataire ; `zones` : communes de chaque territoire du département. Une collectivité n'exerce que
    chez elle ; plus petit que le département exige un motif aux autres ; jamais un programme : seuls des territoires sont admis.
    """
    if not 0 <= ligne.taux <= CENT or ligne.taux != round(ligne.taux, 2):
        raise ErreurMetier("taux_impossible", "Un taux va de 0 à 100 %, à deux décimales au plus.", champ="taux")
    if ligne.contrepartie not in set(Contrepartie):
        raise ErreurMetier("contrepartie_inconnue", "Choisissez une contrepartie.", regle="RG-13", champ="contrepartie")
    if not ligne.perimetre:
        raise ErreurMetier("perimetre_absent", "Dites où le droit s'exerce.", regle="RG-11", champ="perimetre")
    for code in (*ligne.perimetre, *ligne.assiette):
        if code not in zones:
            raise ErreurMetier(
                "territoire_inconnu",
                f"« {code} » n'est pas un territoire de ce département.",
                regle="RG-11",
                champ="perimetre",
            )
    _verifier_sous_contingent(ligne, type_reservataire)
    _verifier_perimetre(ligne, type_reservataire, territoire, zones, motif_perimetre, departement)


def _verifier_sous_contingent(ligne: LigneSaisie, type_reservataire: str) -> None:
    est_etat = type_reservataire == TypeReservataire.ETAT
    if est_etat and ligne.sous_contingent not in {SousContingent.PRIORITAIRES, SousContingent.AGENTS}:
        raise ErreurMetier(
            "sous_contingent_absent",
            "Une ligne de l'État est « prioritaires » ou « agents ».",
            regle="RG-03",
            champ="sous_contingent",
        )
    if not est_etat and ligne.sous_contingent:
        raise ErreurMetier(
            "sous_contingent_de_trop", "Seul l'État a des sous-contingents.", regle="RG-03", champ="sous_contingent"
        )
    if est_etat is not (ligne.contrepartie == Contrepartie.CONTINGENT_PREFECTORAL):
        raise ErreurMetier(
            "contrepartie_de_l_etat",
            "Le contingent préfectoral est la contrepartie de l'État, et de lui seul.",
            regle="RG-13",
            champ="contrepartie",
        )


def _verifier_perimetre(
    ligne: LigneSaisie,
    type_reservataire: str,
    territoire: frozenset[str],
    zones: Mapping[str, frozenset[str]],
    motif_perimetre: str,
    departement: str,
) -> None:
    communes = frozenset().union(*(zones[code] for code in ligne.perimetre))
    if type_reservataire in COLLECTIVITES:
        dehors = sorted(communes - territoire)
        if dehors:
            raise ErreurMetier(
                "perimetre_hors_territoire",
                f"Le périmètre sort du territoire de la collectivité ({', '.join(dehors[:3])}{'…' if len(dehors) > 3 else ''}).",  # noqa: PLR2004
                regle="RG-11",
                champ="perimetre",
            )
        return
    entier = zones.get(f"departement:{departement}", frozenset())
    if not communes >= entier and not motif_perimetre.strip():
        raise ErreurMetier(
            "motif_de_perimetre",
            "Un périmètre plus petit que le département exige un motif (lieu de travail, horaires, accès aux transports).",
            regle="RG-11",
            champ="motif_perimetre",
        )
