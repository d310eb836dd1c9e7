"""Les quartiles exacts d'une durée (RG-40)."""

from __future__ import annotations

import statistics
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attributions.domaine.delais import Attente, Duree, quantile, repartir

pytestmark = pytest.mark.regle("RG-40")


def test_les_quartiles_de_quatre_durees() -> None:
    # Rangs 0 à 3 : Q1 au rang 0,75 entre 10 et 20 ; médiane au rang 1,5 ; Q3 au rang 2,25 entre 30 et 60.
    une = repartir(Duree.VACANCE, [60, 10, 30, 20])
    assert (une.premier_quartile, une.mediane, une.troisieme_quartile) == (Fraction(35, 2), 25, Fraction(75, 2))
    assert (une.nombre, une.maximum) == (4, 60)


def test_sans_bail_rien_n_est_invente() -> None:
    assert repartir(Duree.TOTAL, []).mediane is None


@given(st.lists(st.integers(0, 2000), min_size=2, max_size=60))
def test_nos_quartiles_sont_ceux_de_la_bibliotheque_standard(jours: list[int]) -> None:
    attendus = statistics.quantiles(map(Fraction, jours), n=4, method="inclusive")
    tries = sorted(jours)
    assert [quantile(tries, Fraction(rang, 4)) for rang in (1, 2, 3)] == attendus


def test_chaque_duree_et_chaque_attente_a_son_libelle() -> None:
    assert all(une.libelle for une in (*Duree, *Attente))
