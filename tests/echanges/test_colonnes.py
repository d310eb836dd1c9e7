"""Les types de colonnes : ce qu'une cellule vaut, et l'aller-retour de chaque valeur (formats.md § 1)."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_reservations.echanges.cellules import SANS_LARGEUR, ValeurFautive, nettoyer, proteger
from flux_reservations.echanges.colonnes import Choix, Code, ListeTerritoires, OuiNon, Siren, Texte, siren_est_valide
from flux_reservations.echanges.lecture.source import Nombre
from flux_reservations.echanges.nombres import Date, Decimale, Entier, taux

COMMUNE = Code(5, re.compile(r"\d[\dAB]\d{3}"), "94011")


@pytest.mark.contrat("dates")
@pytest.mark.parametrize("cellule", ["2025-02-01", "01/02/2025", "1/2/2025"])
def test_une_date_se_lit_sous_ses_deux_formes(cellule: str) -> None:
    assert Date().lire(cellule) == dt.date(2025, 2, 1)


@pytest.mark.contrat("dates")
@pytest.mark.parametrize(
    "cellule", ["31/02/2025", "2025-13-01", "2025", "01-02-2025", "0025-01-01", "demain", Nombre("45689")]
)
def test_une_date_fausse_est_refusee(cellule: str) -> None:
    with pytest.raises(ValeurFautive):
        Date().lire(cellule)


@pytest.mark.contrat("decimales")
@pytest.mark.parametrize(
    ("cellule", "valeur"), [("12,5", "12.5"), ("12.50", "12.5"), ("1 234,5", "1234.5"), ("0", "0"), ("+3", "3")]
)
def test_un_nombre_se_lit_avec_virgule_ou_point(cellule: str, valeur: str) -> None:
    assert Decimale(2, Decimal(0), Decimal(10000)).lire(cellule) == Decimal(valeur)


@pytest.mark.contrat("taux", "arrets")
@pytest.mark.parametrize("cellule", ["130", "-1", "30.125", "30 %", "1,234.5", "1e2", "nan", "Infinity"])
def test_un_taux_va_de_0_a_100_a_deux_decimales(cellule: str) -> None:
    with pytest.raises(ValeurFautive):
        taux().lire(cellule)


@pytest.mark.parametrize("cellule", ["3.5", "trois", "99999", "9" * 40])
def test_un_entier_faux_est_refuse(cellule: str) -> None:
    with pytest.raises(ValeurFautive):
        Entier().lire(cellule)


@pytest.mark.contrat("codes")
def test_un_nombre_de_tableur_retrouve_ses_zeros_de_tete() -> None:
    assert COMMUNE.lire(Nombre("1004")) == "01004"
    assert Siren().lire(Nombre("5520135")) == "005520135"
    with pytest.raises(ValeurFautive):
        COMMUNE.lire("1004")


@pytest.mark.parametrize(("siren", "valide"), [("940000011", True), ("940000012", False), ("000000000", True)])
def test_la_cle_d_un_siren_est_verifiee(siren: str, valide: bool) -> None:
    assert siren_est_valide(siren) is valide


@pytest.mark.parametrize("cellule", ["94000001", "94000001A", "940000012"])
def test_un_siren_faux_est_refuse(cellule: str) -> None:
    with pytest.raises(ValeurFautive):
        Siren().lire(cellule)


def test_un_code_d_une_liste_se_lit_sans_egard_a_la_casse() -> None:
    assert Choix(("PLAI", "PLUS")).lire("plus") == "PLUS"
    with pytest.raises(ValeurFautive, match="PLAI, PLUS"):
        Choix(("PLAI", "PLUS")).lire("HLM")


def test_oui_et_non_se_lisent() -> None:
    assert OuiNon().lire("Oui") is True
    assert OuiNon().lire("non") is False
    with pytest.raises(ValeurFautive):
        OuiNon().lire("peut-être")


def test_des_territoires_se_lisent_sans_repetition() -> None:
    assert ListeTerritoires().lire("commune:94011  departement:94 commune:94011") == ("commune:94011", "departement:94")


@pytest.mark.parametrize("cellule", ["Cr\N{REPLACEMENT CHARACTER}teil", "CrÃ©teil", "#REF!", "a\0b"])
def test_un_texte_abime_est_refuse(cellule: str) -> None:
    with pytest.raises(ValeurFautive):
        nettoyer(cellule)


@pytest.mark.parametrize("cellule", ["Créteil", "Œuvre d'été", "L'Haÿ", "l’apostrophe", "'t Hof"])
def test_un_texte_sain_passe(cellule: str) -> None:
    assert nettoyer(f" {cellule} ") == cellule


@given(
    st.text(
        st.characters(blacklist_categories=["Cc", "Cs"], blacklist_characters="\N{REPLACEMENT CHARACTER}"), min_size=1
    )
)
def test_un_texte_protege_se_relit_a_l_identique(texte: str) -> None:
    while (bords := texte.strip(SANS_LARGEUR).strip()) != texte:
        texte = bords
    if not texte or texte.startswith("#"):
        return
    ecrit = Texte().ecrire(texte)
    assert not ecrit.startswith(("=", "+", "-", "@"))
    try:
        relu = nettoyer(ecrit)
    except ValeurFautive:
        return
    assert Texte().lire(relu) == texte


@pytest.mark.contrat("apostrophe")
@pytest.mark.parametrize("texte", ["=1+1", "-12", "@x", "+33", "'=1", "''-3"])
def test_une_formule_sort_protegee_et_rentre_telle_quelle(texte: str) -> None:
    assert proteger(texte) == f"'{texte}"
    assert nettoyer(proteger(texte)) == texte


@given(st.decimals(min_value=0, max_value=100, places=2))
def test_un_taux_se_relit_a_l_identique(valeur: Decimal) -> None:
    assert taux().lire(taux().ecrire(valeur)) == valeur


@given(st.dates(min_value=dt.date(1800, 1, 1), max_value=dt.date(2200, 12, 31)))
def test_une_date_se_relit_a_l_identique(valeur: dt.date) -> None:
    assert Date().lire(Date().ecrire(valeur)) == valeur
