"""Les phrases du moteur (moteur.md § 6) : ce qu'elles disent, et leur français."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attributions.domaine.codes import nommer_compte
from attributions.domaine.faits_moteur import CompteDecide, FaitsMoteur, U
from attributions.domaine.phrases import de_la_commune, ecrire_logements, ecrire_retard, expliquer
from attributions.domaine.rejeu import simuler
from tests.attributions.domaine.fabrique_moteur import ANNEE, annee, annees, libere, partie

pytestmark = pytest.mark.regle("RG-41")


def _phrases(faits: FaitsMoteur, lot: int = 1) -> list[str]:
    return [choix.phrase for choix in simuler(faits, lot=lot, expliquer=expliquer)]


@pytest.mark.parametrize(
    ("retard", "attendu"),
    [
        (7_000, "0,7 logement de retard"),
        (-4_000, "0,4 logement d’avance"),
        (19_400, "1,9 logement de retard"),
        (20_000, "2,0 logements de retard"),
        (19_500, "2,0 logements de retard"),
        (499, "ni retard ni avance"),
        (-15_000, "1,5 logement d’avance"),
    ],
)
def test_le_retard_s_ecrit_en_francais(retard: int, attendu: str) -> None:
    assert ecrire_retard(retard) == attendu


def test_le_pluriel_commence_a_deux() -> None:
    assert [ecrire_logements(dixiemes * U // 10) for dixiemes in (0, 10, 19, 20)] == [
        "0,0 logement",
        "1,0 logement",
        "1,9 logement",
        "2,0 logements",
    ]


@pytest.mark.parametrize(
    ("nom", "attendu"),
    [
        ("Créteil", "de Créteil"),
        ("Ivry-sur-Seine", "d’Ivry-sur-Seine"),
        ("Le Kremlin-Bicêtre", "du Kremlin-Bicêtre"),
        ("Les Lilas", "des Lilas"),
        ("L'Haÿ-les-Roses", "de L'Haÿ-les-Roses"),
        ("La Courneuve", "de La Courneuve"),
    ],
)
def test_le_nom_d_une_commune_se_contracte(nom: str, attendu: str) -> None:
    assert de_la_commune(nom) == attendu


def test_le_plus_fort_retard_se_dit() -> None:
    faits = annee(*(libere(rang) for rang in range(4)))
    assert _phrases(faits)[3] == "COMA : 0,8 logement de retard, le plus fort parmi les 4 comptes éligibles."


def test_un_choix_de_qualite_cite_le_plus_fort_et_la_dimension_qui_pese() -> None:
    """AL : 5 × 0,45 − 2 = 0,25, le bailleur 0,75 ; mais les deux T2 sont allés au bailleur, et AL en attend 3 × 0,45 = 1,35."""
    decides = [
        replace(libere(rang, typologie=typologie), decision=CompteDecide(code))
        for rang, (typologie, code) in enumerate([("T2", "BAILLEUR"), ("T2", "BAILLEUR"), ("T4", "AL"), ("T4", "AL")])
    ]
    faits = annee(*decides, libere(4, typologie="T2"), parties=(partie("AL", 4_500),))
    assert _phrases(faits)[0] == (
        "AL : 0,3 logement de retard, à moins d’un logement du plus fort (le bailleur : 0,8), et c’est à ce compte que ce logement "
        "manque le plus : 1,4 de retard sur les T2, dont plus aucun n’est attendu d’ici le 31 décembre."
    )


def test_un_compte_en_avance_choisi_pour_la_qualite_le_dit() -> None:
    """AL : 6 × 0,31 − 2 = −0,14 ; CAF : 6 × 0,30 − 1 = 0,8. AL n’a eu que des T4 : on lui doit 4 × 0,31 = 1,24 T2, rares."""
    orientees = [("T2", "BAILLEUR"), ("T2", "BAILLEUR"), ("T4", "AL"), ("T4", "AL"), ("T2", "CAF")]
    decides = [
        replace(libere(rang, typologie=typologie), decision=CompteDecide(code))
        for rang, (typologie, code) in enumerate(orientees)
    ]
    parties = (partie("AL", 3_100), partie("CAF", 3_000))
    parc = {("A", False, "T4", "PLUS"): 50_000, ("A", False, "T2", "PLUS"): 30}
    faits = annee(*decides, libere(5, typologie="T2"), parties=parties, parc=parc)
    assert _phrases(faits)[0] == (
        "AL : 0,1 logement d’avance, mais à moins d’un logement du plus fort retard (CAF : 0,8), et c’est à ce compte que ce "
        "logement manque le plus : 1,2 de retard sur les T2, qui ne se libèrent plus guère (2 attendus d’ici le 31 décembre)."
    )


def test_un_compte_ecarte_par_son_plafond_n_est_cite_que_s_il_aurait_ete_choisi() -> None:
    decembre = annee(*(libere(rang, le=date(ANNEE, 12, 1 + rang)) for rang in range(10)))
    phrases = _phrases(decembre)
    assert "l’aurait reçu, mais un logement de plus passerait son plafond de 30 % (0 reçu sur 1 libéré)." in phrases[0]
    assert all("plafond" not in phrase for phrase in _phrases(annee(*(libere(rang) for rang in range(2)))))


def test_un_seul_compte_eligible_se_dit() -> None:
    assert _phrases(annee(libere(0), parties=()))[0] == "Le bailleur : seul compte éligible, 1,0 logement de retard."


def test_qui_a_rendu_le_logement_est_cite() -> None:
    rendu = replace(libere(0), rendus=frozenset({"AL"}))
    assert _phrases(annee(rendu))[0].endswith("Déjà rendu par AL.")


@settings(max_examples=60, deadline=None)
@given(faits=annees(), lot=st.integers(1, 5))
def test_toute_proposition_a_une_phrase_bien_formee_et_l_etat_n_en_change_pas(faits: FaitsMoteur, lot: int) -> None:
    avec, sans = simuler(faits, lot=lot, expliquer=expliquer), simuler(faits, lot=lot)
    assert [choix.compte for choix in avec] == [choix.compte for choix in sans]
    for choix in avec:
        assert choix.phrase.endswith(".")
        assert "  " not in choix.phrase
        assert ".." not in choix.phrase


@pytest.mark.regle("RG-03")
@pytest.mark.parametrize(
    ("compte", "attendu"),
    [
        ("CRETEIL", "Ville de Créteil"),
        ("ETAT94/agents", "État (agents)"),
        ("ETAT94/repli", "État (repli)"),
        ("BAILLEUR", "Le bailleur"),
        ("INCONNU", "INCONNU"),
    ],
)
def test_un_compte_se_lit_par_son_nom(compte: str, attendu: str) -> None:
    assert nommer_compte(compte, {"CRETEIL": "Ville de Créteil", "ETAT94": "État"}) == attendu
