"""La faisabilité d'une année : les droits prévus, les logements attendus, et les taux à réduire là où ils dépassent (RG-14, RG-41)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from attributions.chargement.moteur import charger_annee_du_moteur
from attributions.domaine.faisabilite import (
    DroitPrevu,
    Faisabilite,
    LigneAReduire,
    Reduction,
    attendre_par_commune,
    prevoir_les_droits,
    reduire_au_prorata,
    verifier_la_faisabilite,
)
from attributions.domaine.faits_moteur import U
from attributions.domaine.rejeu import rejouer_les_decisions
from conventions.chargement import charger_conventions
from conventions.models import Bailleur


@dataclass(frozen=True, slots=True)
class FaisabiliteLue:
    """Le verdict à une date, et ce qui le fonde ; `attendus` : logements par commune."""

    verdict: Faisabilite
    droits: tuple[DroitPrevu, ...]
    attendus: Mapping[str, int]
    noms: Mapping[str, str]


def charger_faisabilite(bailleur: Bailleur, departement: str, annee: int, le: date) -> FaisabiliteLue:
    """Rejoue les décisions de l'année à cette date, puis compare les droits prévus aux logements attendus d'ici le 31 décembre."""
    faits = charger_annee_du_moteur(bailleur, departement, annee).faits
    moteur = rejouer_les_decisions(faits, le)
    retards = dict(zip(moteur.terrain.codes, moteur.retards, strict=True))
    attendus = attendre_par_commune(faits, le)
    droits = prevoir_les_droits(faits, attendus, le, retards)
    verdict = verifier_la_faisabilite(droits, {commune: nombre * U for commune, nombre in attendus.items()})
    return FaisabiliteLue(verdict, droits, attendus, faits.noms)


def proposer_des_reductions(
    bailleur: Bailleur, departement: str, le: date
) -> tuple[tuple[Reduction, ...], tuple[str, ...]]:
    """Là où la somme des taux signés dépasse 100 %, une réduction au prorata des droits autres que l'État et les collectivités (RG-14)."""
    return reduire_au_prorata(
        [
            LigneAReduire(
                ligne.identifiant,
                version.reservataire.code,
                int(ligne.taux * 100),
                ligne.perimetre,
                not (version.reservataire.est_etat or version.reservataire.est_collectivite),
            )
            for version in charger_conventions(bailleur.pk, departement).conventions.en_vigueur(le)
            for ligne in version.lignes_le(le)
        ]
    )
