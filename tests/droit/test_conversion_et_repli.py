"""Taux simple, pondéré, repli, garanties éteintes (RG-19, RG-23, RG-34, RG-35)."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_reservations.droit.conversion import (
    echeance_d_un_droit_garanti,
    periode_de_repli,
    taux_de_repli,
    taux_pondere,
    taux_simple,
)

LE = date(2025, 1, 1)


@pytest.mark.regle("RG-34")
def test_le_taux_simple_rapporte_les_droits_au_patrimoine() -> None:
    assert taux_simple(120, 6_000) == 2
    assert taux_simple(3, 0) is None


@pytest.mark.regle("RG-35")
def test_le_taux_pondere_suit_la_rotation() -> None:
    # T1 : 10 logements, 6 baux en 3 ans ; T4 : 10 logements, 2 baux. Deux droits en T1 : 2 × 6/10 ÷ 8 = 15 %, contre 10 % simple.
    assert taux_pondere({"T1": 2}, {"T1": 10, "T4": 10}, {"T1": 6, "T4": 2}) == 15


@pytest.mark.regle("RG-35")
def test_le_taux_pondere_n_existe_pas_si_rien_ne_se_libere() -> None:
    assert taux_pondere({"T1": 2}, {"T1": 10}, {}) is None
    assert taux_pondere({"T1": 2}, {}, {"T1": 3}) is None


@pytest.mark.regle("RG-35")
@given(st.dictionaries(st.integers(0, 5), st.tuples(st.integers(1, 50), st.integers(0, 20)), min_size=1), st.data())
def test_le_taux_pondere_est_entre_zero_et_cent_et_vaut_le_simple_a_rotation_egale(
    strates: dict[int, tuple[int, int]], donnees: st.DataObject
) -> None:
    logements = {strate: nombre for strate, (nombre, _) in strates.items()}
    baux = {strate: nombre for strate, (_, nombre) in strates.items()}
    droits = {strate: donnees.draw(st.integers(0, nombre)) for strate, nombre in logements.items()}
    pondere = taux_pondere(droits, logements, baux)
    assert pondere is None or 0 <= pondere <= 100
    assert taux_pondere(droits, logements, logements) == taux_simple(sum(droits.values()), sum(logements.values()))


@pytest.mark.regle("RG-19")
def test_le_taux_de_repli_s_arrondit_au_centieme() -> None:
    assert taux_de_repli(240, 6_000, LE) == 4
    # 1 ÷ 7 = 14,2857… % → 14,29 % ; 1 ÷ 800 = 0,125 % → 0,13 %.
    assert taux_de_repli(1, 7, LE) == Fraction("14.29")
    assert taux_de_repli(1, 800, LE) == Fraction("0.13")
    assert taux_de_repli(1, 0, LE) == 0


@pytest.mark.regle("RG-19")
def test_le_repli_va_du_25_novembre_2023_a_la_veille_de_l_effet() -> None:
    assert periode_de_repli(None, a_signe_a_temps=False) == (date(2023, 11, 25), None)
    assert periode_de_repli(date(2025, 7, 1), a_signe_a_temps=False) == (date(2023, 11, 25), date(2025, 6, 30))
    assert periode_de_repli(date(2023, 11, 25), a_signe_a_temps=False) is None
    assert periode_de_repli(date(2024, 1, 1), a_signe_a_temps=True) is None


@pytest.mark.regle("RG-19")
@given(st.dates(date(2023, 11, 26), date(2035, 1, 1)))
def test_le_repli_et_la_convention_ne_se_recouvrent_ni_ne_laissent_de_trou(effet: date) -> None:
    periode = periode_de_repli(effet, a_signe_a_temps=False)
    assert periode is not None
    assert periode[1] == effet - timedelta(days=1)


@pytest.mark.regle("RG-23")
def test_un_droit_garanti_est_proroge_cinq_ans() -> None:
    assert echeance_d_un_droit_garanti(date(2020, 6, 30), date(2020, 6, 30)) == date(2025, 6, 30)
    assert echeance_d_un_droit_garanti(date(2024, 2, 29), date(2024, 2, 29)) == date(2029, 2, 28)
