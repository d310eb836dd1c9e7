"""La faisabilité : le flot maximal, la coupe dite en français, la réduction au prorata (moteur.md § 4)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attributions.domaine.faisabilite import (
    DroitPrevu,
    LigneAReduire,
    attendre_par_commune,
    prevoir_les_droits,
    reduire_au_prorata,
    verifier_la_faisabilite,
)
from attributions.domaine.faits_moteur import U
from tests.attributions.domaine.fabrique_moteur import ANNEE, DEPARTEMENT, annee, libere, partie

pytestmark = pytest.mark.regle("RG-14")


def test_la_coupe_nomme_le_groupe_et_le_manque() -> None:
    droits = [
        DroitPrevu("H", "H", 10 * U, frozenset("AB")),
        DroitPrevu("P", "P", 8 * U, frozenset("AB")),
        DroitPrevu("AL", "AL", 5 * U, DEPARTEMENT),
    ]
    verdict = verifier_la_faisabilite(droits, {"A": 9 * U, "B": 7 * U, "C": 20 * U})
    assert not verdict.est_faisable
    assert verdict.droits - verdict.servis == 2 * U
    assert [goulet.phrase() for goulet in verdict.goulets] == [
        "Les droits de H et P sur A et B s’élèvent à 18 pour 16 logements attendus : il en manque 2."
    ]


def test_deux_groupes_sans_commune_commune_sont_dits_a_part() -> None:
    droits = [DroitPrevu("H", "H", 3 * U, frozenset("A")), DroitPrevu("P", "P", 5 * U, frozenset("B"))]
    verdict = verifier_la_faisabilite(droits, {"A": U, "B": 4 * U})
    assert [goulet.manque for goulet in verdict.goulets] == [2 * U, U]
    assert "pour 1 logement attendu : il en manque 2." in verdict.goulets[0].phrase()


def test_des_droits_qui_tiennent_ne_disent_rien() -> None:
    assert verifier_la_faisabilite([DroitPrevu("H", "H", U, frozenset("A"))], {"A": U}).est_faisable


@given(
    quantites=st.lists(st.tuples(st.integers(0, 30_000), st.sets(st.sampled_from("ABC"))), max_size=5),
    capacites=st.dictionaries(st.sampled_from("ABC"), st.integers(0, 40_000)),
)
def test_le_manque_des_goulets_est_ce_que_le_flot_ne_sert_pas(
    quantites: list[tuple[int, set[str]]], capacites: dict[str, int]
) -> None:
    droits = [
        DroitPrevu(f"P{rang}", f"P{rang}", quantite, frozenset(communes))
        for rang, (quantite, communes) in enumerate(quantites)
    ]
    verdict = verifier_la_faisabilite(droits, capacites)
    assert sum(goulet.manque for goulet in verdict.goulets) == verdict.droits - verdict.servis


def test_les_droits_prevus_ajoutent_le_retard_et_le_taux_des_logements_attendus() -> None:
    faits = annee(
        libere(0), parties=(partie("COMA", 2_000, frozenset("A")), partie("HOP", 1_000, frozenset("C"), DEPARTEMENT))
    )
    prevus = prevoir_les_droits(faits, {"A": 10, "B": 20, "C": 0}, date(ANNEE, 1, 1), {"COMA": -5_000})
    assert [(droit.compte, droit.quantite) for droit in prevus] == [("COMA", 15_000), ("HOP", 30_000)]


def test_les_logements_attendus_viennent_du_parc_et_de_la_rotation() -> None:
    """100 logements, 8 % l'an : 8 du 1er janvier, 4 du 2 juillet (183 jours)."""
    faits = annee(parc={("A", False, "T3", "PLUS"): 100})
    assert attendre_par_commune(faits, date(ANNEE, 1, 1)) == {"A": 8}
    assert attendre_par_commune(faits, date(ANNEE, 7, 2)) == {"A": 4}
    assert attendre_par_commune(faits, date(ANNEE + 1, 1, 1)) == {"A": 0}


def test_la_reduction_au_prorata_epargne_l_etat_et_les_collectivites() -> None:
    """30 + 20 + 40 + 20 = 110 sur A : les 60 réductibles passent à 50, soit 33,33 et 16,66 ; B tient."""
    lignes = [
        LigneAReduire(1, "État", 3_000, frozenset("AB"), est_reductible=False),
        LigneAReduire(2, "Commune A", 2_000, frozenset("A"), est_reductible=False),
        LigneAReduire(3, "AL", 4_000, frozenset("AB"), est_reductible=True),
        LigneAReduire(4, "CAF", 2_000, frozenset("A"), est_reductible=True),
    ]
    reductions, insuffisantes = reduire_au_prorata(lignes)
    assert [(reduction.nom, reduction.taux_propose) for reduction in reductions] == [("AL", 3_333), ("CAF", 1_666)]
    assert insuffisantes == ()


def test_une_commune_ou_la_reduction_ne_suffit_pas_est_dite() -> None:
    lignes = [
        LigneAReduire(1, "État", 9_000, frozenset("A"), est_reductible=False),
        LigneAReduire(2, "Commune A", 2_000, frozenset("A"), est_reductible=False),
        LigneAReduire(3, "AL", 1_000, frozenset("A"), est_reductible=True),
    ]
    reductions, insuffisantes = reduire_au_prorata(lignes)
    assert [reduction.taux_propose for reduction in reductions] == [0]
    assert insuffisantes == ("A",)
