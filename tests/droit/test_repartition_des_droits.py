"""Droits théoriques et entiers (RG-33)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_reservations.droit.repartition import (
    AGENTS,
    PRIORITAIRES,
    REPLI,
    Quota,
    complement_du_bailleur,
    droit_theorique,
    droits_entiers,
)

pytestmark = pytest.mark.regle("RG-33")


def quota(compte: str, taux: str, flux: int, sous_contingent: str = "") -> Quota:
    return Quota(compte, compte, droit_theorique([(Decimal(taux), flux)]), Decimal(taux), sous_contingent)


def repartir(flux: int, etat: str = "30") -> list[int]:
    """État, AL 20, collectivité 20, bailleur : l'exemple de la note."""
    quotas = [quota("ETAT/prioritaires", etat, flux, PRIORITAIRES), quota("AL", "20", flux), quota("COMA", "20", flux)]
    entiers = droits_entiers(flux, quotas)
    return [*(entiers.par_compte[un.cle] for un in quotas), entiers.bailleur]


@pytest.mark.parametrize(
    ("flux", "attendu"),
    [
        (100, [30, 20, 20, 30]),
        # 9,9 / 6,6 / 6,6 / 9,9 : l'État à 9 ; planchers 6 + 6 + 9 = 21, il en manque 3 : un à chacun.
        (33, [9, 7, 7, 10]),
        # 2,1 / 1,4 / 1,4 / 2,1 : planchers 2 + 1 + 1 + 2 = 6 ; le septième va au plus fort reste, AL avant COMA.
        (7, [2, 2, 1, 2]),
        (0, [0, 0, 0, 0]),
        # 0,3 / 0,2 / 0,2 / 0,3 : l'unique logement va au plus fort reste hors État, le bailleur.
        (1, [0, 0, 0, 1]),
    ],
)
def test_les_exemples_de_la_regle(flux: int, attendu: list[int]) -> None:
    assert repartir(flux) == attendu


def test_six_cent_cinquante_logements() -> None:
    # 162,5 + 32,5 = 195 ; 130 ; 130 ; 21,45 → 21 ; 173,55 → 174.
    flux = 650
    quotas = [
        quota("ETAT94/prioritaires", "25", flux, PRIORITAIRES),
        quota("ETAT94/agents", "5", flux, AGENTS),
        quota("AL", "20", flux),
        quota("CD94", "20", flux),
        quota("CAF94", "3.30", flux),
    ]
    entiers = droits_entiers(flux, quotas)
    assert entiers.par_compte == {
        "ETAT94/prioritaires": 163, "ETAT94/agents": 32, "AL": 130, "CD94": 130, "CAF94": 21,
    }  # fmt: skip
    assert entiers.bailleur == 174


@pytest.mark.regle("RG-19")
def test_le_repli_est_range_parmi_les_autres_et_passe_avant_le_bailleur() -> None:
    # Repli 5,5 et bailleur 63,5 à restes égaux : le bailleur passe en dernier.
    quotas = [
        quota("ETAT94/prioritaires", "25", 100, PRIORITAIRES),
        quota("ETAT94/agents", "5", 100, AGENTS),
        Quota("CAF94", "CAF94", Fraction(1), Decimal(2)),
        Quota("repli", "ETAT94/repli", Fraction(11, 2), Decimal(7), REPLI),
    ]
    entiers = droits_entiers(100, quotas)
    assert entiers.par_compte == {"ETAT94/prioritaires": 25, "ETAT94/agents": 5, "CAF94": 1, "repli": 6}
    assert entiers.bailleur == 63


@pytest.mark.regle("RG-19")
def test_deux_cent_quarante_droits_sur_six_mille_donnent_vingt_six_logements_au_prefet() -> None:
    repli = droit_theorique([(Fraction(240 * 100, 6_000), 650)])
    quotas = [
        quota("ETAT/prioritaires", "30", 650, PRIORITAIRES),
        Quota("repli", "ETAT/repli", repli, Decimal(4), REPLI),
    ]
    entiers = droits_entiers(650, quotas)
    assert entiers.par_compte["ETAT/prioritaires"] + entiers.par_compte["repli"] == 195 + 26 == 221


def test_a_restes_egaux_le_taux_le_plus_fort_puis_le_code() -> None:
    # C = 5 : A 10 %, B 30 %, D 30 % → 0,5 / 1,5 / 1,5, bailleur 1,5. Planchers 0 + 1 + 1 + 1 = 3 ; deux à servir : B puis D.
    quotas = [quota("A", "10", 5), quota("D", "30", 5), quota("B", "30", 5)]
    entiers = droits_entiers(5, quotas)
    assert entiers.par_compte == {"A": 0, "B": 2, "D": 2}
    assert entiers.bailleur == 1


def test_deux_conventions_de_l_etat_dans_l_annee_se_partagent_aux_plus_forts_restes() -> None:
    # 3,3 + 4,4 = 7,7 → 7 prioritaires : planchers 3 + 4 = 7, rien de plus.
    quotas = [
        Quota("1", "ETAT/prioritaires", Fraction(33, 10), Decimal(30), PRIORITAIRES),
        Quota("2", "ETAT/prioritaires", Fraction(44, 10), Decimal(30), PRIORITAIRES),
    ]
    assert droits_entiers(20, quotas).par_compte == {"1": 3, "2": 4}
    quotas = [
        Quota("1", "ETAT/prioritaires", Fraction(36, 10), Decimal(30), PRIORITAIRES),
        Quota("2", "ETAT/prioritaires", Fraction(46, 10), Decimal(30), PRIORITAIRES),
    ]
    # 8,2 → 8 : planchers 7, un au plus fort reste ; 0,6 partout, même taux et même code : la première convention.
    assert droits_entiers(20, quotas).par_compte == {"1": 4, "2": 4}


def test_des_taux_qui_depassent_cent_donnent_un_reste_negatif_au_bailleur() -> None:
    entiers = droits_entiers(10, [quota("A", "60", 10), quota("B", "60", 10)])
    assert entiers.par_compte == {"A": 6, "B": 6}
    assert entiers.bailleur == -2


TAUX = st.integers(0, 3_000).map(lambda points: Decimal(points) / 100)


@st.composite
def situations(tirer: st.DrawFn) -> tuple[int, list[Quota]]:
    flux = tirer(st.integers(0, 2_000))
    prioritaires, agents = tirer(st.integers(0, 2_500)), tirer(st.integers(0, 500))
    autres = tirer(st.lists(st.integers(0, 900), max_size=7))
    codes = tirer(st.permutations([f"R{rang}" for rang in range(len(autres))]))
    quotas = [
        quota("E/prioritaires", str(Decimal(prioritaires) / 100), flux, PRIORITAIRES),
        quota("E/agents", str(Decimal(agents) / 100), flux, AGENTS),
        *(quota(code, str(Decimal(points) / 100), flux) for code, points in zip(codes, autres, strict=True)),
    ]
    return flux, quotas


@given(situations())
def test_la_somme_des_droits_entiers_est_le_flux(situation: tuple[int, list[Quota]]) -> None:
    flux, quotas = situation
    entiers = droits_entiers(flux, quotas)
    assert sum(entiers.par_compte.values()) + entiers.bailleur == flux


@given(situations())
@pytest.mark.regle("RG-14")
def test_l_etat_n_est_jamais_au_dessus_de_son_droit_ni_les_agents_du_leur(situation: tuple[int, list[Quota]]) -> None:
    flux, quotas = situation
    par_compte = droits_entiers(flux, quotas).par_compte
    etat = sum((un.droit for un in quotas if un.est_a_l_etat), Fraction(0))
    assert par_compte["E/prioritaires"] + par_compte["E/agents"] == etat.__floor__()
    assert par_compte["E/agents"] == quotas[1].droit.__floor__()


@given(situations())
def test_chacun_est_entre_son_plancher_et_son_plafond(situation: tuple[int, list[Quota]]) -> None:
    flux, quotas = situation
    entiers = droits_entiers(flux, quotas)
    for un in quotas:
        assert un.droit.__floor__() <= entiers.par_compte[un.cle] <= un.droit.__ceil__()
    reste = complement_du_bailleur(flux, (un.droit for un in quotas))
    assert reste.__floor__() <= entiers.bailleur <= reste.__ceil__()


@given(situations(), st.randoms(use_true_random=False))
def test_l_ordre_des_conventions_ne_change_rien(situation: tuple[int, list[Quota]], hasard: object) -> None:
    flux, quotas = situation
    melange = list(quotas)
    hasard.shuffle(melange)  # type: ignore[attr-defined]  # random.Random
    assert droits_entiers(flux, quotas) == droits_entiers(flux, melange)


@given(st.lists(st.tuples(TAUX, st.integers(0, 500)), max_size=6), st.integers(0, 100))
def test_le_droit_theorique_est_additif_et_monotone(lignes: list[tuple[Decimal, int]], de_plus: int) -> None:
    droit = droit_theorique(lignes)
    assert droit == sum((droit_theorique([ligne]) for ligne in lignes), Fraction(0))
    assert droit_theorique([(taux, nombre + de_plus) for taux, nombre in lignes]) >= droit
