"""Jours fériés, jours ouvrés, anniversaires."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_reservations.commun.calendrier import (
    ajouter_annees,
    ajouter_jours_ouvres,
    ajouter_mois,
    dimanche_de_paques,
    est_ferie,
    est_ouvre,
    jours_entre,
    jours_feries,
    premier_jour_ouvre,
)

JOURS = st.dates(date(1990, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    "paques",
    [date(2023, 4, 9), date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2038, 4, 25), date(2000, 4, 23)],
)
def test_paques_tombe_a_la_date_connue(paques: date) -> None:
    assert dimanche_de_paques(paques.year) == paques


def test_l_ascension_et_la_pentecote_suivent_paques() -> None:
    assert {date(2025, 4, 21), date(2025, 5, 29), date(2025, 6, 9)} <= jours_feries(2025)


@given(st.integers(1990, 2099))
def test_une_annee_a_onze_jours_feries_au_plus_et_deux_peuvent_coincider(annee: int) -> None:
    assert len(jours_feries(annee)) in {10, 11}


@given(JOURS)
def test_le_premier_jour_ouvre_est_ouvre_et_proche(jour: date) -> None:
    ouvre = premier_jour_ouvre(jour)
    assert est_ouvre(ouvre)
    assert timedelta(0) <= ouvre - jour <= timedelta(days=5)


@given(JOURS, st.integers(0, 60))
def test_ajouter_des_jours_ouvres_en_compte_exactement_autant(jour: date, nombre: int) -> None:
    arrivee = ajouter_jours_ouvres(jour, nombre)
    assert sum(est_ouvre(un) for un in jours_entre(jour + timedelta(days=1), arrivee)) == nombre


def test_dix_jours_ouvres_sautent_le_week_end_et_les_feries_de_mai() -> None:
    # Du mercredi 30 avril 2025 : 2, 5, 6, 7, 9, 12, 13, 14, 15, 16 mai (1er et 8 mai fériés).
    assert ajouter_jours_ouvres(date(2025, 4, 30), 10) == date(2025, 5, 16)


def test_un_an_apres_le_29_fevrier_est_le_28() -> None:
    assert ajouter_annees(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert ajouter_annees(date(2024, 2, 29), 4) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("depart", "mois", "arrivee"),
    [
        (date(2025, 12, 31), 2, date(2026, 2, 28)),
        (date(2023, 12, 31), 2, date(2024, 2, 29)),
        (date(2025, 10, 31), 1, date(2025, 11, 30)),
        (date(2025, 11, 30), 1, date(2025, 12, 30)),
        (date(2025, 3, 15), 0, date(2025, 3, 15)),
    ],
)
def test_ajouter_des_mois_garde_le_quantieme_ou_le_dernier_jour(depart: date, mois: int, arrivee: date) -> None:
    assert ajouter_mois(depart, mois) == arrivee


def test_noel_est_ferie() -> None:
    assert est_ferie(date(2025, 12, 25))
