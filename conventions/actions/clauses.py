"""Les clauses propres à la convention de l'État : dérogation (RG-14), motif d'un taux moindre (RG-24), part hors QPV (RG-37)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction

from conventions.actions.brouillons import modifier_modalites, verrouiller_convention
from conventions.domaine.codes import EtatConvention
from conventions.models import Convention
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.droit.taux import Derogation
from flux_reservations.socle.journal import journaliser

CLAUSES: Final = (
    "derogation_taux",
    "derogation_taux_agents",
    "derogation_motif",
    "derogation_arrete",
    "derogation_debut",
    "derogation_fin",
    "part_hors_qpv_min",
    "garde_hors_qpv",
    "motif_sous_trente",
)


def modifier_clauses(*, acteur: Acteur, convention_id: int, clauses: Mapping[str, Any]) -> Convention:
    """Change les clauses d'un brouillon de l'État. Lève `ErreurMetier` si la dérogation n'a pas ce qui la rend régulière (RG-14)."""
    derogation = lire_derogation(clauses)
    defauts = derogation.defauts
    if defauts:
        raise ErreurMetier(
            "derogation_irreguliere",
            f"La dérogation ne lèverait rien : il manque {', '.join(defauts)}.",
            regle="RG-14",
            champ=_champ_a_remplir(derogation),
        )
    return modifier_modalites(
        acteur=acteur, convention_id=convention_id, changements={nom: clauses[nom] for nom in CLAUSES}
    )


def _champ_a_remplir(derogation: Derogation) -> str:
    """Le premier champ qui manque à la dérogation ; sa fin si tout y est, mais trop long."""
    saisis = {
        "derogation_motif": derogation.motif.strip(),
        "derogation_arrete": derogation.arrete.strip(),
        "derogation_debut": derogation.debut,
    }
    return next((nom for nom, valeur in saisis.items() if not valeur), "derogation_fin")


def motiver_un_taux_moindre(*, acteur: Acteur, convention_id: int, motif: str) -> Convention:
    """Dit pourquoi l'État n'est pas au taux vers lequel il doit tendre (RG-24) : une explication, qui ne change rien à la convention.

    Se saisit aussi une fois la convention signée ; la préfecture la lit avec le contrôle.
    """
    with transaction.atomic():
        convention = verrouiller_convention(acteur, convention_id)
        if not convention.reservataire.est_etat:
            raise ErreurMetier("pas_l_etat", "Seule une convention de l'État porte ce motif.", regle="RG-24")
        ancien, convention.motif_sous_trente = convention.motif_sous_trente, motif.strip()
        convention.save(update_fields=["motif_sous_trente"])
        journaliser(
            acteur=acteur,
            action="motiver_un_taux_moindre",
            objet=convention,
            organisme_id=convention.bailleur_id,
            avant={"motif": ancien},
            apres={"motif": convention.motif_sous_trente},
        )
    return convention


def lire_derogation(clauses: Mapping[str, Any]) -> Derogation:
    """La dérogation que ces clauses inscrivent."""
    return Derogation(
        clauses["derogation_taux"],
        clauses["derogation_taux_agents"],
        clauses["derogation_motif"],
        clauses["derogation_arrete"],
        clauses["derogation_debut"],
        clauses["derogation_fin"],
    )


def est_signee(convention: Convention) -> bool:
    """Vrai si la convention ne se change plus que par avenant : seul le motif s'y dit encore."""
    return convention.etat == EtatConvention.SIGNEE
