"""Le registre des règles et la matrice règle → code → essais (RG-38)."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest

from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.droit.parametre import Certitude
from flux_reservations.droit.regles import CHAPITRES, PARAMETRES, REGLES, lire_valeur, parametres_de, regle, resumer
from flux_reservations.socle.matrice import lire_matrice, regles_citees
from flux_reservations.socle.textes_regles import lire_chapitres

NUMEROS = [*range(1, 8), *range(10, 27), *range(30, 39), *range(40, 54), *range(60, 68), *range(70, 75)]


def test_chaque_regle_du_domaine_est_au_registre() -> None:
    assert list(REGLES) == [f"RG-{numero:02d}" for numero in NUMEROS]
    assert all(un.enonce.endswith(".") and un.titre and str(un.source) for un in REGLES.values())


def test_une_regle_inconnue_est_introuvable() -> None:
    assert resumer("RG-99") == ""
    with pytest.raises(Introuvable):
        regle("RG-99")


@pytest.mark.regle("RG-38")
def test_chaque_parametre_sert_une_regle_du_registre_et_se_lit_a_une_date() -> None:
    for parametre in PARAMETRES.values():
        assert parametre.regle in REGLES
        assert lire_valeur(parametre, date(2026, 1, 1)) != "pas encore en vigueur"


@pytest.mark.regle("RG-38")
def test_une_valeur_se_lit_a_la_francaise_et_a_sa_date() -> None:
    seuil = PARAMETRES["PART_MINIMALE_HORS_QPV"]
    assert seuil.valeur(date(2025, 1, 1)) == Decimal("0.30")
    assert lire_valeur(seuil, date(2025, 1, 1)) == "30 %"
    assert lire_valeur(seuil, date(2019, 1, 1)) == "pas encore en vigueur"
    assert lire_valeur(PARAMETRES["ECHEANCE_DES_CONVENTIONS"], date(2025, 1, 1)) == "24/11/2023"
    assert lire_valeur(PARAMETRES["DERNIER_JOUR_DU_BILAN"], date(2025, 1, 1)) == "27/02"
    assert len(parametres_de("RG-14")) == 5


def test_les_citations_se_lisent_dans_le_texte() -> None:
    assert regles_citees("selon RG-14, RG-99 et RG-15.") == {"RG-14", "RG-15"}


def test_la_matrice_a_une_ligne_par_regle_et_trouve_le_code_du_calcul() -> None:
    matrice = {ligne.numero: ligne for ligne in lire_matrice()}
    assert matrice.keys() == REGLES.keys()
    assert "flux_reservations/droit/repartition.py:droits_entiers" in matrice["RG-33"].code
    assert any("test_repartition_des_droits.py" in essai for essai in matrice["RG-33"].essais)


def test_chaque_regle_de_calcul_a_son_code_et_ses_essais() -> None:
    calculees = {
        "RG-03", "RG-07", "RG-14", "RG-15", "RG-19", "RG-22", "RG-23", "RG-24", "RG-25", "RG-30", "RG-31", "RG-32", "RG-33",
        "RG-34", "RG-35", "RG-36", "RG-37", "RG-38", "RG-44", "RG-45", "RG-46", "RG-47", "RG-48", "RG-50", "RG-52", "RG-60",
        "RG-64", "RG-65",
    }  # fmt: skip
    assert {un.numero for un in lire_matrice() if un.numero in calculees and not (un.code and un.essais)} == set()


def test_la_page_des_regles_montre_tous_les_chapitres() -> None:
    lus = lire_chapitres(date(2025, 1, 1))
    assert [chapitre.titre for chapitre in lus] == [chapitre.titre for chapitre in CHAPITRES]
    plafonds = next(un for chapitre in lus for un in chapitre.regles if un.regle.numero == "RG-14")
    assert "30 %" in {valeur.valeur for valeur in plafonds.valeurs}


def test_le_droit_se_lit_sans_django() -> None:
    code = (
        "import sys; sys.modules['django'] = None\n"
        "import flux_reservations.droit.regles, conventions.domaine.plafonds, attributions.domaine.decompte\n"
        "import bilans.domaine.flux, bilans.domaine.controles, bilans.domaine.presentation, bilans.domaine.secret\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


CHIFFRES = {
    "RG-14": {"PART_MAXIMALE_ETAT": "30 %", "PART_MAXIMALE_AGENTS": "5 %", "PART_MAXIMALE_TOTALE": "100 %",
              "PART_MAXIMALE_GARANTIES": "20 %", "DUREE_MAXIMALE_DEROGATION": "un an"},
    "RG-20": {"DELAI_DE_MISE_EN_DEMEURE": "deux mois"},
    "RG-23": {"PROROGATION_DES_GARANTIES": "cinq ans"},
    "RG-32": {"ANNEES_DE_PREVISION": "trois dernières années"},
    "RG-37": {"PART_MINIMALE_HORS_QPV": "30 %"},
    "RG-42": {"CANDIDATS_MINIMUM": "Trois demandes"},
    "RG-44": {"DELAI_DE_REPONSE": "dix jours"},
    "RG-50": {"PART_PRIORITAIRES": "un quart", "PART_PREMIER_QUARTILE_HORS_QPV": "un quart", "PART_AUTRES_QUARTILES_EN_QPV": "la moitié"},
}  # fmt: skip
"""Ce que l'énoncé d'une règle dit en chiffres ou en lettres, et le paramètre qui en donne la valeur."""
EN_LETTRES = {"un an": 1, "deux mois": 2, "Trois demandes": 3, "trois dernières années": 3, "cinq ans": 5, "dix jours": 10,
              "un quart": Decimal("0.25"), "la moitié": Decimal("0.50")}  # fmt: skip


@pytest.mark.regle("RG-38")
@pytest.mark.parametrize("numero", CHIFFRES)
def test_l_enonce_dit_la_valeur_du_parametre(numero: str) -> None:
    """Une valeur qui change oblige à récrire l'énoncé : il ne ment pas à côté d'elle."""
    le = date(2026, 11, 25)
    for nom, mots in CHIFFRES[numero].items():
        assert mots in regle(numero).enonce
        assert PARAMETRES[nom].regle == numero
        valeur = PARAMETRES[nom].valeur(le)
        assert lire_valeur(PARAMETRES[nom], le) == mots or EN_LETTRES.get(mots) == valeur


@pytest.mark.regle("RG-38")
def test_tout_pourcentage_d_un_enonce_est_compare_a_sa_valeur() -> None:
    assert {numero for numero, un in REGLES.items() if "%" in un.enonce} <= CHIFFRES.keys()


@pytest.mark.regle("RG-70")
def test_les_durees_de_conservation_se_lisent_a_la_page_des_regles() -> None:
    assert {"24 mois", "12 mois", "36 mois"} <= {lire_valeur(un, date(2026, 1, 1)) for un in parametres_de("RG-70")}


def test_une_regle_ne_se_dit_pas_plus_sure_que_ce_qu_elle_enonce() -> None:
    """Les règles dont l'énoncé contient une lecture ou une pratique la disent (domaine.md)."""
    for numero in ("RG-14", "RG-19", "RG-22", "RG-34", "RG-37", "RG-50"):
        assert regle(numero).certitude is not Certitude.VERIFIEE
        assert regle(numero).nuance


def test_la_matrice_nomme_les_ecrans_par_leur_titre() -> None:
    matrice = {ligne.numero: ligne for ligne in lire_matrice()}
    assert "Garanties d'emprunt" in matrice["RG-23"].ecrans
    assert {"Soldes et reports", "bilans/flux.html"} <= set(matrice["RG-47"].ecrans)
