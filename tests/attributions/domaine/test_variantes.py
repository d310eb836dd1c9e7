"""« Et si » : rejouer une année autrement et comparer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from attributions.domaine.faits_moteur import CompteDecide, Reglages, U
from attributions.domaine.variantes import Variante, comparer, derogations_cumulees, gagner_a_attendre, peut_rembourser
from tests.attributions.domaine.fabrique_moteur import ANNEE, annee, libere, partie

pytestmark = pytest.mark.regle("RG-41")
VINGT = annee(*(libere(rang, typologie="T2" if rang % 2 == 0 else "T4") for rang in range(20)))


def test_changer_un_taux_change_ce_que_le_compte_recoit() -> None:
    depart, essai = comparer(VINGT, [Variante("tel quel"), Variante("AL à 40 %", taux={"AL": 4_000})])
    assert (depart.mesures.recus["AL"], essai.mesures.recus["AL"]) == (4, 8)


def test_attendre_ameliore_la_qualite_et_coute_de_la_vacance() -> None:
    melange = [(rang, "ABC"[rang * rang % 3], f"T{2 + rang * 7 % 3}") for rang in range(40)]
    faits = annee(*(libere(rang, commune, typologie=typologie) for rang, commune, typologie in melange))
    gain = gagner_a_attendre(faits, [10])[0]
    assert gain.ecarts_evites > 0
    assert gain.jours_de_vacance > 0


def test_theta_nul_sert_toujours_le_plus_fort_retard() -> None:
    resultat = comparer(VINGT, [Variante("strict", Reglages(theta=0))])[0]
    for choix in resultat.choix:
        assert {eligible.compte: eligible.retard for eligible in choix.eligibles}[choix.partie] == choix.eligibles[
            0
        ].retard


def test_les_decisions_reelles_se_gardent_ou_s_oublient() -> None:
    forces = replace(
        VINGT,
        liberations=tuple(replace(libere_, decision=CompteDecide("COMA")) for libere_ in VINGT.liberations[:5])
        + VINGT.liberations[5:],
    )
    avec, sans = comparer(forces, [Variante("avec", avec_decisions=True), Variante("sans")])
    assert (len(avec.choix), len(sans.choix)) == (15, 20)
    assert avec.mesures.recus["COMA"] == 5


def test_les_derogations_se_cumulent_par_compte() -> None:
    assert derogations_cumulees([("AL", "COMA"), ("AL", "AL"), ("COMA", "AL"), ("AL", "COMA")]) == {"AL": -U, "COMA": U}


def test_une_petite_commune_mise_en_avance_ne_peut_pas_rembourser() -> None:
    commune = partie("COMA", 1_000, frozenset("A"))
    assert not peut_rembourser(commune, {"A": 4, "B": 100}, U, date(ANNEE, 6, 1))
    assert peut_rembourser(commune, {"A": 12}, U, date(ANNEE, 6, 1))
