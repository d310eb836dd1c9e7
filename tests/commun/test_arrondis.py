"""Les arrondis : exacts, ou nommés."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_reservations.commun.arrondis import (
    arrondir,
    arrondir_a,
    chaine_arrondie,
    chaine_exacte,
    lisible,
    pourcentage,
    repartir_aux_plus_forts_restes,
)
from flux_reservations.commun.erreurs import ErreurMetier


@pytest.mark.parametrize(
    ("valeur", "chaine"),
    [
        (Fraction(325, 2), "162.5000"),
        (Fraction(-3, 5), "-0.6000"),
        (0, "0.0000"),
        (Decimal("21.45"), "21.4500"),
        (Fraction(-1, 10_000), "-0.0001"),
    ],
)
def test_un_droit_s_ecrit_exactement_avec_quatre_decimales(valeur: Fraction, chaine: str) -> None:
    assert chaine_exacte(valeur) == chaine


@pytest.mark.parametrize(
    ("valeur", "lu"),
    [(30, "30"), (Fraction("3.3"), "3,3"), (Fraction("30.25"), "30,25"), (Fraction(1, 800), "0"), (-2, "-2")],
)
def test_un_message_se_lit_a_la_francaise(valeur: Fraction, lu: str) -> None:
    assert lisible(valeur) == lu


def test_un_nombre_qui_ne_tient_pas_en_quatre_decimales_est_refuse() -> None:
    with pytest.raises(ErreurMetier, match="exactement"):
        chaine_exacte(Fraction(1, 3))


@pytest.mark.parametrize(
    ("partie", "tout", "attendu"),
    [(150, 650, "23.08"), (1, 6, "16.67"), (2, 7, "28.57"), (1, 800, "0.13"), (3, 0, None)],
)
def test_une_part_s_arrondit_au_plus_proche(partie: int, tout: int, attendu: str | None) -> None:
    # 1 ÷ 800 = 0,125 % : la moitié va vers le haut.
    assert pourcentage(partie, tout) == attendu


@given(st.fractions(max_denominator=10_000))
def test_l_arrondi_est_a_une_moitie_au_plus(valeur: Fraction) -> None:
    assert -Fraction(1, 2) <= valeur - arrondir(valeur) < Fraction(1, 2) or valeur - arrondir(valeur) == -Fraction(1, 2)
    assert abs(arrondir_a(valeur, 2) - valeur) <= Fraction(1, 200)


@given(st.integers(-(10**9), 10**9))
def test_la_chaine_exacte_se_relit(a_l_echelle: int) -> None:
    valeur = Fraction(a_l_echelle, 10_000)
    assert Fraction(chaine_exacte(valeur)) == valeur == Fraction(chaine_arrondie(valeur, 4))


@given(st.dictionaries(st.integers(), st.fractions(0, 1000, max_denominator=100), min_size=1, max_size=8))
def test_les_plus_forts_restes_gardent_la_somme_et_restent_entre_plancher_et_plafond(
    quotas: dict[int, Fraction],
) -> None:
    total = sum(quotas.values(), Fraction(0)).__floor__()
    servis = repartir_aux_plus_forts_restes(quotas, total, sorted(quotas))
    assert sum(servis.values()) == total
    assert all(quotas[cle].__floor__() <= entier <= quotas[cle].__ceil__() for cle, entier in servis.items())
    assert servis == repartir_aux_plus_forts_restes(dict(reversed(quotas.items())), total, sorted(quotas))


def test_un_total_hors_de_portee_est_refuse() -> None:
    with pytest.raises(ErreurMetier, match="se répartit"):
        repartir_aux_plus_forts_restes({"a": Fraction(1)}, 5, ["a"])
