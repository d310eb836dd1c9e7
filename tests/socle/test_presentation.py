"""Nombres et dates à la française."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_reservations.socle.presentation import (
    compter,
    dire_solde,
    ecrire_date,
    ecrire_date_courte,
    ecrire_instant,
    ecrire_instant_court,
    ecrire_nombre,
    ecrire_solde,
    ecrire_taux,
)


@pytest.mark.parametrize(
    ("valeur", "decimales", "ecrit"),
    [
        (0, 0, "0"),
        (1234, 0, "1\u202f234"),
        (1234567, 0, "1\u202f234\u202f567"),
        (Decimal("1234.5"), 1, "1\u202f234,5"),
        (Fraction(2, 3), 2, "0,67"),
        (Decimal("-0.01"), 1, "0,0"),
        (-12, 0, "\u221212"),
        (None, 2, "—"),
    ],
)
def test_un_nombre_s_ecrit_a_la_francaise(valeur: Decimal | None, decimales: int, ecrit: str) -> None:
    assert ecrire_nombre(valeur, decimales) == ecrit


@given(st.integers(min_value=-(10**9), max_value=10**9))
def test_un_entier_ecrit_se_relit(nombre: int) -> None:
    assert int(ecrire_nombre(nombre).replace("\u202f", "").replace("\u2212", "-")) == nombre


@pytest.mark.parametrize(
    ("solde", "ecrit", "dit"),
    [
        (Decimal("3.2"), "+3,2", "3,2\u00a0logements de retard"),
        (Decimal("0.7"), "+0,7", "0,7\u00a0logement de retard"),
        (Decimal(-1), "\u22121,0", "1,0\u00a0logement d'avance"),
        (Decimal("0.01"), "0,0", "à l'équilibre"),
    ],
)
@pytest.mark.regle("RG-47")
def test_un_solde_dit_le_retard_et_l_avance(solde: Decimal, ecrit: str, dit: str) -> None:
    assert ecrire_solde(solde) == ecrit
    assert dire_solde(solde) == dit


def test_un_taux_s_ecrit_en_pourcentage() -> None:
    assert ecrire_taux(Decimal(30)) == "30,00\u00a0%"


@pytest.mark.parametrize(
    ("nombre", "phrase"), [(0, "0\u00a0logement"), (1, "1\u00a0logement"), (2, "2\u00a0logements")]
)
def test_le_pluriel_commence_a_deux(nombre: int, phrase: str) -> None:
    assert compter(nombre, "logement") == phrase


def test_un_pluriel_irregulier_se_donne() -> None:
    assert compter(3, "bail", "baux") == "3\u00a0baux"


def test_le_premier_du_mois_se_dit_1er() -> None:
    assert ecrire_date(date(2026, 3, 1)) == "1er\u00a0mars\u00a02026"
    assert ecrire_date(date(2026, 2, 28)) == "28\u00a0février\u00a02026"
    assert ecrire_date_courte(date(2026, 2, 3)) == "03/02/2026"


def test_un_instant_se_resume_dans_un_tableau() -> None:
    assert ecrire_instant_court(datetime(2026, 2, 20, 15, 5, tzinfo=UTC)) == "20/02/2026, 16\u00a0h\u00a005"
    assert ecrire_instant_court(None) == "—"


def test_un_instant_est_ramene_a_l_heure_de_paris() -> None:
    assert ecrire_instant(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == "1er\u00a0janvier\u00a02027 à 0\u00a0h\u00a030"
