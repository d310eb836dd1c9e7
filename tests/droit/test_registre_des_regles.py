"""Le registre des règles et la matrice règle → code → essais (RG-38)."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest

from flux_reservations.commun.erreurs import Introuvable
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
