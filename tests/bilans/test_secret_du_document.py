"""Le secret dans le document : ce qui est envoyé à tous ne redonne aucun petit effectif de ménages (RG-64)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilans.domaine.secret import TOTAL
from bilans.menages import croiser

LE = date(2025, 12, 31)
TABLEAUX = st.dictionaries(
    st.tuples(st.sampled_from("ABCDE"), st.sampled_from(["dalo", "agent", "autre", "inconnu"])),
    st.integers(0, 12),
    max_size=16,
)


@pytest.mark.regle("RG-64")
@given(TABLEAUX)
def test_aucun_effectif_de_un_a_quatre_n_est_dit(effectifs: dict[tuple[str, str], int]) -> None:
    croise = croiser(effectifs, LE)
    assert all(case is None or case == 0 or case >= 5 for ligne in croise["cases"] for case in ligne)


@pytest.mark.regle("RG-64")
@given(TABLEAUX)
def test_un_total_lisible_ailleurs_n_est_jamais_masque_sa_ligne_est_retiree(
    effectifs: dict[tuple[str, str], int],
) -> None:
    croise = croiser(effectifs, LE, totaux_publics=True)
    assert all(
        cases[-1] is not None for nom, cases in zip(croise["lignes"], croise["cases"], strict=True) if nom != TOTAL
    )


@pytest.mark.regle("RG-64")
def test_un_compte_d_un_seul_menage_disparait_du_tableau() -> None:
    effectifs = {("CAF94", "dalo"): 1, ("AL", "dalo"): 9, ("AL", "autre"): 8, ("COM", "dalo"): 7, ("COM", "autre"): 6}
    assert "CAF94" not in croiser(effectifs, LE, totaux_publics=True)["lignes"]
