"""Taux, dérogations, partage des garanties (RG-14, RG-15, RG-38)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.droit import taux, textes
from flux_reservations.droit.parametre import Parametre, Version
from flux_reservations.droit.taux import Derogation

LE = date(2025, 6, 1)


@pytest.mark.regle("RG-14")
def test_l_etat_a_trente_pour_cent_dont_cinq_pour_les_agents() -> None:
    assert taux.plafond_etat(LE) == Fraction(3, 10)
    assert taux.plafond_agents(LE) == Fraction(1, 20)


def derogation(debut: date, fin: date, **champs: object) -> Derogation:
    complets = {"taux": Decimal(35), "motif": "sécurité publique", "arrete": "2025-12"} | champs
    return Derogation(debut=debut, fin=fin, **complets)  # type: ignore[arg-type]  # champs d'essai


@pytest.mark.regle("RG-14")
def test_une_derogation_leve_le_plafond_dans_ses_dates_seulement() -> None:
    accordee = derogation(date(2025, 3, 1), date(2025, 8, 31), taux_agents=Decimal(8))
    assert taux.plafond_etat(date(2025, 2, 28), accordee) == Fraction(3, 10)
    assert taux.plafond_etat(date(2025, 3, 1), accordee) == Fraction(35, 100)
    assert taux.plafond_etat(date(2025, 8, 31), accordee) == Fraction(35, 100)
    assert taux.plafond_etat(date(2025, 9, 1), accordee) == Fraction(3, 10)
    assert taux.plafond_agents(date(2025, 8, 31), accordee) == Fraction(8, 100)


@pytest.mark.regle("RG-14")
@pytest.mark.parametrize(
    ("debut", "dernier"),
    [
        (date(2025, 3, 1), date(2026, 2, 28)),
        (date(2025, 1, 1), date(2025, 12, 31)),
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2023, 3, 1), date(2024, 2, 29)),
    ],
)
def test_une_derogation_dure_un_an_de_date_a_date(debut: date, dernier: date) -> None:
    assert taux.dernier_jour_derogation(debut) == dernier


@pytest.mark.regle("RG-14")
def test_une_derogation_sans_arrete_ou_trop_longue_est_irreguliere() -> None:
    assert derogation(date(2025, 1, 1), date(2025, 12, 31), arrete="").defauts == ("l'arrêté",)
    assert not derogation(date(2025, 1, 1), date(2025, 12, 31), arrete="").s_applique(LE)
    longue = derogation(date(2025, 1, 1), date(2026, 6, 30))
    assert "un an" in longue.defauts[0]
    assert not longue.s_applique(date(2026, 1, 1))
    assert derogation(date(2025, 1, 1), date(2025, 12, 31)).defauts == ()


@pytest.mark.regle("RG-15")
def test_les_vingt_pour_cent_se_partagent_au_prorata_des_garanties() -> None:
    # Garanties 25 %, 25 % et 50 % : 20 % × 25 % = 5 %, 5 % et 10 %.
    parts = taux.partager_garanties({"commune": 25, "epci": 25, "departement": 50}, LE)
    assert parts == {"commune": Fraction(5, 100), "epci": Fraction(5, 100), "departement": Fraction(10, 100)}


@pytest.mark.regle("RG-15")
@given(st.dictionaries(st.text(max_size=3), st.integers(0, 10**9), max_size=6))
def test_le_partage_des_garanties_epuise_le_plafond_et_suit_l_ordre_des_montants(montants: dict[str, int]) -> None:
    parts = taux.partager_garanties(montants, LE)
    assert sum(parts.values()) == (Fraction(1, 5) if any(montants.values()) else 0)
    assert all((parts[un] <= parts[autre]) for un in montants for autre in montants if montants[un] <= montants[autre])


@pytest.mark.regle("RG-38")
def test_un_parametre_rend_la_valeur_de_la_date_demandee() -> None:
    parametre = Parametre(
        "Essai", "part", "RG-38",
        (Version(date(2020, 1, 1), 1, textes.R_441_5_2), Version(date(2024, 2, 29), 2, textes.LOI_3DS)),
    )  # fmt: skip
    assert parametre.valeur(date(2024, 2, 28)) == 1
    assert parametre.valeur(date(2024, 2, 29)) == 2
    with pytest.raises(ErreurMetier, match="n'a pas de valeur"):
        parametre.valeur(date(2019, 12, 31))


@pytest.mark.regle("RG-38")
def test_un_parametre_sans_version_ou_en_desordre_est_refuse() -> None:
    with pytest.raises(ErreurMetier):
        Parametre("Essai", "part", "RG-38", ())
    with pytest.raises(ErreurMetier):
        Parametre(
            "Essai", "part", "RG-38",
            (Version(date(2024, 1, 1), 1, textes.LOI_3DS), Version(date(2020, 1, 1), 2, textes.LOI_3DS)),
        )  # fmt: skip
