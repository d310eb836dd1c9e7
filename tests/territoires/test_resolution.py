"""Du code saisi à la ligne du référentiel (RG-04)."""

from __future__ import annotations

from typing import Any

import pytest

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.territoires.resolution import (
    resoudre_commune,
    resoudre_communes,
    resoudre_territoire,
    resoudre_territoires,
)

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-04")]


def test_un_code_actuel_se_resout_sans_rien_dire() -> None:
    commune, message = resoudre_commune("94011")
    assert (commune.nom, message) == ("Bonneuil-sur-Marne", "")


def test_un_ancien_code_est_remplace_en_le_disant() -> None:
    commune, message = resoudre_commune("93059")
    assert commune.code == "93066"
    assert "93059 (Pierrefitte-sur-Seine) est un ancien code" in message


def test_un_code_postal_de_paris_n_est_pas_un_ancien_code() -> None:
    with pytest.raises(ErreurMetier, match="75111"):
        resoudre_commune("75011")


def test_un_zero_de_tete_perdu_est_devine() -> None:
    with pytest.raises(ErreurMetier, match="01004"):
        resoudre_commune("1004")


def test_une_commune_inconnue_dit_la_forme_attendue() -> None:
    with pytest.raises(ErreurMetier, match="cinq caractères") as refus:
        resoudre_commune("Créteil")
    assert refus.value.code == "commune_inconnue"


@pytest.mark.parametrize("code", ["departement:94", "DEPARTEMENT:94", " commune:2a004 "])
def test_un_territoire_se_resout_sans_egard_a_la_casse(code: str) -> None:
    territoire, message = resoudre_territoire(code)
    assert territoire.code.lower() == code.strip().lower()
    assert message == ""


def test_le_territoire_d_une_ancienne_commune_devient_celui_de_la_nouvelle() -> None:
    territoire, message = resoudre_territoire("commune:93059")
    assert territoire.code == "commune:93066"
    assert "ancien code" in message


@pytest.mark.parametrize("code", ["94", "programme:Lilas", "epci:123", "commune:"])
def test_un_territoire_inconnu_est_refuse(code: str) -> None:
    with pytest.raises(ErreurMetier) as refus:
        resoudre_territoire(code)
    assert refus.value.code == "territoire_inconnu"


def test_la_resolution_en_lot_a_un_nombre_fixe_de_requetes(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(2):
        assert len(resoudre_communes(["94011", "93059", "94028", "99999"])) == 3
    with django_assert_max_num_queries(3):
        assert len(resoudre_territoires(["departement:94", "commune:93059", "epci:200054781", "x"])) == 3
