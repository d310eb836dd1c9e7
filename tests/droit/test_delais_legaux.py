"""Délais et échéances (RG-20, RG-42, RG-44, RG-46, RG-60, RG-61, RG-65)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_reservations.commun.calendrier import est_ouvre
from flux_reservations.droit import delais
from flux_reservations.droit.assiette import Qualification, periode_de_construction, qualifier, rotation

JOURS = st.dates(date(2021, 1, 1), date(2050, 12, 31))


@pytest.mark.regle("RG-44")
@pytest.mark.parametrize(
    ("notification", "dernier"),
    [
        (date(2025, 3, 3), date(2025, 3, 13)),
        # Le 21 avril 2025 est le lundi de Pâques : du vendredi 11 avril, le délai finit le mardi 22.
        (date(2025, 4, 11), date(2025, 4, 22)),
        (date(2025, 3, 5), date(2025, 3, 17)),
        (date(2024, 2, 19), date(2024, 2, 29)),
    ],
)
def test_le_demandeur_a_dix_jours_a_compter_du_lendemain(notification: date, dernier: date) -> None:
    assert delais.date_limite_de_reponse(notification) == dernier
    assert not delais.est_refus_par_silence(notification, dernier)
    assert delais.est_refus_par_silence(notification, dernier + timedelta(days=1))


@pytest.mark.regle("RG-44")
@given(JOURS)
def test_la_reponse_est_attendue_un_jour_ouvre_et_jamais_avant_dix_jours(notification: date) -> None:
    limite = delais.date_limite_de_reponse(notification)
    assert est_ouvre(limite)
    assert limite >= notification + timedelta(days=10)


@pytest.mark.regle("RG-46")
def test_le_delai_de_presentation_est_de_trente_jours_calendaires_a_defaut() -> None:
    assert delais.date_limite_de_presentation(date(2025, 1, 30), None, "calendaires") == date(2025, 3, 1)
    assert delais.date_limite_de_presentation(date(2024, 1, 30), None, "ouvres") == date(2024, 2, 29)


@pytest.mark.regle("RG-46")
def test_le_delai_de_presentation_se_compte_en_jours_calendaires_ou_ouvres() -> None:
    assert delais.date_limite_de_presentation(date(2025, 4, 30), 10, "calendaires") == date(2025, 5, 10)
    assert delais.date_limite_de_presentation(date(2025, 4, 30), 10, "ouvres") == date(2025, 5, 16)


@pytest.mark.regle("RG-60")
def test_le_bilan_est_du_le_27_fevrier_au_plus_tard() -> None:
    assert delais.dernier_jour_du_bilan(2025) == date(2026, 2, 27)


@pytest.mark.regle("RG-61")
@pytest.mark.regle("RG-67")
def test_l_information_de_debut_d_annee_se_rappelle_le_31_janvier() -> None:
    assert delais.date_limite_de_publication(2025) == (date(2026, 1, 31), date(2026, 2, 27))


@pytest.mark.regle("RG-20")
def test_le_prefet_peut_resilier_apres_deux_mois() -> None:
    assert delais.resiliation_possible_le(date(2025, 12, 31)) == date(2026, 3, 1)


@pytest.mark.regle("RG-42")
def test_trois_demandes_au_moins_sont_examinees() -> None:
    assert delais.CANDIDATS_MINIMUM.valeur(date(2025, 1, 1)) == 3


@pytest.mark.regle("RG-65")
@pytest.mark.parametrize(
    ("annee", "periode"),
    [
        (1948, "avant 1949"), (1949, "1949-1974"), (1974, "1949-1974"), (1975, "1975-1981"), (1982, "1982-1989"),
        (1990, "1990-2000"), (2001, "2001-2012"), (2012, "2001-2012"), (2013, "depuis 2013"), (None, ""),
    ],
)  # fmt: skip
def test_les_periodes_de_construction(annee: int | None, periode: str) -> None:
    assert periode_de_construction(annee, date(2025, 12, 31)) == periode


def qualification(**champs: object) -> Qualification:
    defaut = {
        "est_retiree": False, "est_hors_champ": False, "est_en_stock_maintenu": False, "est_premiere_location": False,
        "premiere_location_dans_le_flux": False, "exclusion": "",
    }  # fmt: skip
    return qualifier(**(defaut | champs))  # type: ignore[arg-type]  # champs d'essai


@pytest.mark.regle("RG-31")
def test_une_exclusion_sort_du_flux_mais_reste_dans_les_mises_en_location() -> None:
    assert qualification(exclusion="anru") is Qualification.EXCLUE
    assert qualification() is Qualification.FLUX


@pytest.mark.regle("RG-22")
def test_une_premiere_location_est_a_part_sauf_si_la_convention_la_met_dans_le_flux() -> None:
    assert qualification(est_premiere_location=True) is Qualification.PREMIERE_LOCATION
    assert qualification(est_premiere_location=True, premiere_location_dans_le_flux=True) is Qualification.FLUX


@pytest.mark.regle("RG-07")
def test_le_stock_maintenu_l_emporte_sur_l_exclusion() -> None:
    assert qualification(est_en_stock_maintenu=True, exclusion="mutation") is Qualification.STOCK_MAINTENU


@pytest.mark.regle("RG-06")
def test_le_hors_champ_l_emporte_sur_tout_sauf_le_retrait() -> None:
    assert qualification(est_hors_champ=True, est_en_stock_maintenu=True) is Qualification.HORS_CHAMP
    assert qualification(est_hors_champ=True, est_retiree=True) is Qualification.RETIREE


@pytest.mark.regle("RG-35")
def test_la_rotation_est_annuelle() -> None:
    assert rotation(240, 1_000, 3) == rotation(80, 1_000, 1)
    assert rotation(3, 0, 3) is None
