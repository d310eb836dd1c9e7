"""Reports d'année en année, retards de l'État, « et si », prévision chargée (RG-32, RG-35, RG-47)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from bilans.chargement_prevision import prevoir_annee
from bilans.domaine.chainage import raconter_les_comptes, soldes_a_reprendre, soldes_de_fin
from bilans.domaine.flux import calculer_flux
from bilans.domaine.simulation import simuler_conversion
from conventions.domaine.codes import Report
from conventions.domaine.repli import calculer_replis
from conventions.domaine.versions import Conventions
from tests.fabriques import CRETEIL, VITRY, creer_bailleur, creer_liberation, creer_logement
from tests.faits import AL, CAF, DEPARTEMENT, A, de_l_etat, faits, liberation, ligne, version


@pytest.mark.regle("RG-47")
def test_le_solde_d_une_annee_est_le_report_de_la_suivante() -> None:
    convention = version(AL, ligne("25"))
    baux = [liberation(A, date(annee, 6, 1)) for annee in (2024, 2025) for _ in range(3)]
    n_1 = calculer_flux(faits([convention], baux, annee=2024))
    soldes = soldes_de_fin(n_1)
    assert soldes == {(convention.origine, ""): Decimal("0.75")}
    n = calculer_flux(faits([convention], baux, reports=soldes))
    # 0,75 + 0,75 : trois ans chaînés tiennent exactement.
    assert n.comptes[0].solde == Fraction(3, 2)


@pytest.mark.regle("RG-47")
def test_un_retard_de_l_etat_non_reporte_reste_affiche_et_se_cumule() -> None:
    etat = de_l_etat("25", "5")
    baux = [liberation(A, date(annee, 6, 1)) for annee in (2024, 2025) for _ in range(4)]
    annees = [calculer_flux(faits([etat], baux, annee=annee)) for annee in (2024, 2025)]
    cumules = {un.compte: un.cumul_non_reporte for un in raconter_les_comptes(reversed(annees)) if un.est_de_l_etat}
    assert cumules == {"ETAT94/prioritaires": 2, "ETAT94/agents": Fraction(4, 10)}


@pytest.mark.regle("RG-47")
def test_un_report_plafonne_perd_ce_qui_depasse_et_le_dit() -> None:
    # 25 % de 12 baux = 3 de retard ; plafonné à 2 : 2 passent, 1 est perdu. L'an suivant 3 + 2 = 5 : 3 de plus perdus.
    convention = version(AL, ligne("25"), report=Report.PLAFONNE, report_plafond=2)
    baux = [liberation(A, date(annee, 6, 1)) for annee in (2024, 2025) for _ in range(12)]
    n_1 = calculer_flux(faits([convention], baux, annee=2024))
    n = calculer_flux(faits([convention], baux, reports=soldes_de_fin(n_1)))
    (histoire,) = raconter_les_comptes([n_1, n])
    assert [(un.report, un.solde, un.non_reporte) for un in histoire.annees] == [(0, 3, 1), (2, 5, 3)]
    assert histoire.cumul_non_reporte == 4


@pytest.mark.regle("RG-47")
def test_seuls_les_comptes_sans_solde_d_ouverture_sont_a_reprendre() -> None:
    action_logement, etat = version(AL, ligne("25")), de_l_etat("25", "5")
    n_1 = calculer_flux(faits([action_logement, etat], [liberation(A, date(2024, 6, 1)) for _ in range(4)], annee=2024))
    a_reprendre = soldes_a_reprendre(n_1, {(action_logement.origine, "")})
    assert a_reprendre == {(etat.origine, "prioritaires"): Decimal(1), (etat.origine, "agents"): Decimal("0.2")}


@pytest.mark.regle("RG-35")
def test_l_impact_d_une_conversion_se_lit_sur_l_annee_connue() -> None:
    # 4 droits sur 100 logements : le préfet en a 4 % par repli ; convertis, ils passent à la CAF.
    baux = [liberation(A) for _ in range(100)]
    replis = calculer_replis(2025, Conventions([]), {CAF.identifiant: {A: 4}}, {A: 100}, [CAF], DEPARTEMENT)
    situation = faits([de_l_etat()], baux, replis=replis)
    impacts = {un.compte: (un.avant, un.apres) for un in simuler_conversion(situation, CAF, Fraction(4))}
    assert impacts["CAF94"] == (0, 4)
    assert impacts["ETAT94/repli"] == (4, 0)
    assert impacts["BAILLEUR"] == (66, 66)


@pytest.mark.django_db
@pytest.mark.regle("RG-32")
def test_les_annees_d_avant_l_arrivee_du_bailleur_ne_comptent_pas_pour_zero() -> None:
    bailleur = creer_bailleur()
    for rang in range(9):
        creer_liberation(creer_logement(bailleur, CRETEIL), date(2025, 1, 10), date_bail=date(2025, 3, 1 + rang))
    creer_logement(bailleur, VITRY)
    prevues = {un.commune: un for un in prevoir_annee(bailleur.pk, "94", 2026).communes}
    # Une seule année connue : 9 baux, et non 9 ÷ 3. Vitry, sans bail, tourne comme le département : 9 ÷ (1 × 10) = 0,9 ; 9,9 → 10.
    assert (prevues[CRETEIL].mises_en_location, prevues[VITRY].mises_en_location) == (9, 1)


@pytest.mark.django_db
@pytest.mark.regle("RG-32")
def test_la_prevision_se_lit_sur_les_trois_annees_precedentes() -> None:
    bailleur = creer_bailleur()
    creteil, _ = creer_logement(bailleur, CRETEIL), creer_logement(bailleur, VITRY)
    for annee in (2022, 2023, 2024, 2025):
        exclusion = "mutation" if annee == 2024 else ""
        creer_liberation(creteil, date(annee, 1, 10), date_bail=date(annee, 3, 1), exclusion=exclusion)
    prevues = {un.commune: un for un in prevoir_annee(bailleur.pk, "94", 2026).communes}
    # Créteil : un bail par an, une mutation en trois ans (0,33 → 0). Vitry : un logement à la rotation de 3 ÷ (3 × 2) = 50 % ;
    # 1 + 0,5 = 1,5 logement, arrondi à 2.
    assert (prevues[CRETEIL].mises_en_location, prevues[CRETEIL].exclusions["mutation"]) == (1, 0)
    assert prevues[VITRY].mises_en_location == 1
