"""Le flux annuel, des faits au solde (RG-07, RG-14, RG-16, RG-19, RG-22, RG-30, RG-33, RG-37, RG-46, RG-47)."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attributions.domaine.codes import Exclusion, Issue
from bilans.domaine.controles import controler_flux
from bilans.domaine.faits import FaitsFlux, Situation
from bilans.domaine.flux import FluxAnnuel, calculer_flux
from bilans.domaine.lignes import Section, attributions_de_l_annee, calculer_lignes
from bilans.domaine.presentation import presenter_flux
from conventions.domaine.codes import Report
from conventions.domaine.controles import Niveau
from conventions.domaine.repli import calculer_replis
from conventions.domaine.versions import Conventions, appliquer_report
from tests.faits import (
    AL,
    CAF,
    CD,
    COMA,
    DEPARTEMENT,
    ETAT,
    RESERVATAIRES,
    A,
    B,
    Z,
    de_l_etat,
    faits,
    liberation,
    ligne,
    orientation,
    version,
)


def calculer(*arguments: object, **champs: object) -> FluxAnnuel:
    return calculer_flux(faits(*arguments, **champs))  # type: ignore[arg-type]  # faits d'essai


def droits(flux: FluxAnnuel) -> dict[str, Fraction]:
    return {compte.compte: compte.droit_theorique for compte in flux.comptes}


@pytest.mark.regle("RG-30")
def test_mille_moins_trois_cent_cinquante_font_six_cent_cinquante() -> None:
    exclues = [("mutation", 200), ("anru", 80), ("orcod", 30), ("insalubrite", 20), ("vente", 20)]
    liberations = [liberation(exclusion=motif) for motif, nombre in exclues for _ in range(nombre)]
    liberations += [liberation() for _ in range(650)] + [liberation(nature="premiere_location") for _ in range(12)]
    assiette = calculer([], liberations).assiette
    assert (assiette.mises_en_location, assiette.total_exclusions, assiette.flux) == (1_000, 350, 650)
    assert assiette.premieres_locations == 12
    assert list(assiette.exclusions) == [motif.value for motif in Exclusion]


@pytest.mark.regle("RG-30")
@pytest.mark.parametrize(
    ("bail", "compte"),
    [(date(2024, 12, 31), 0), (date(2025, 1, 1), 1), (date(2025, 12, 31), 1), (date(2026, 1, 1), 0), (None, 0)],
)
def test_l_annee_est_celle_du_bail(bail: date | None, compte: int) -> None:
    assert calculer([], [liberation(A, bail)]).assiette.flux == compte


@pytest.mark.regle("RG-04")
@pytest.mark.regle("RG-06")
def test_le_champ_se_lit_a_la_date_du_bail() -> None:
    gele = (Situation(None, date(2025, 6, 1), "", ""), Situation(date(2025, 6, 1), None, "", "gele"))
    assert calculer([], [liberation(A, date(2025, 5, 31), situations=gele)]).assiette.flux == 1
    assert calculer([], [liberation(A, date(2025, 6, 1), situations=gele)]).assiette.flux == 0


@pytest.mark.regle("RG-07")
@pytest.mark.regle("RG-53")
def test_le_stock_maintenu_est_hors_de_a_et_n_est_decompte_a_personne() -> None:
    flux = calculer([version(AL, ligne("20"))], [liberation(A, date(2025, 6, 1), orientation(AL), stock_maintenu_de=7)])
    assert flux.assiette.mises_en_location == 0
    assert flux.comptes[0].decompte == 0


@pytest.mark.regle("RG-22")
def test_les_premieres_locations_n_entrent_que_dans_le_flux_des_conventions_qui_le_disent() -> None:
    versions = [version(AL, ligne("20"), premieres_locations="dans_le_flux"), version(CD, ligne("10"))]
    neuves = [liberation(nature="premiere_location") for _ in range(10)]
    flux = calculer(versions, [*neuves, *(liberation() for _ in range(10))])
    assert (flux.assiette.flux, flux.assiette.premieres_locations) == (20, 0)
    assert droits(flux) == {"AL": 4, "CD94": 1}


@pytest.mark.regle("RG-22")
def test_l_etat_suit_sa_part_des_premieres_locations_tenues_a_part() -> None:
    neuve = {"nature": "premiere_location"}
    pour_l_etat = orientation(ETAT, sous_contingent="prioritaires")
    flux = calculer(
        [de_l_etat()], [liberation(A, date(2025, 6, 1), pour_l_etat, **neuve), *(liberation(**neuve) for _ in range(2))]
    )
    assert (flux.etat.premieres_a_l_etat, flux.etat.premieres_locations, flux.etat.decompte) == (1, 3, 0)


@pytest.mark.regle("RG-33")
@pytest.mark.regle("RG-16")
def test_un_avenant_change_le_taux_a_sa_date_et_garde_le_compte() -> None:
    origine = version(AL, ligne("20"), fin=date(2025, 6, 30), numero="C1")
    avenant = version(AL, ligne("10"), debut=date(2025, 7, 1), origine=origine.origine, numero="C1")
    liberations = [liberation(A, date(2025, 6, 30)) for _ in range(10)]
    liberations += [liberation(A, date(2025, 7, 1)) for _ in range(10)]
    (compte,) = calculer([origine, avenant], liberations).comptes
    # 20 % × 10 + 10 % × 10 = 3.
    assert (compte.convention, compte.droit_theorique, len(compte.lignes)) == ("C1", 3, 2)


@pytest.mark.regle("RG-33")
def test_une_convention_qui_commence_le_31_decembre_ne_compte_que_ce_jour() -> None:
    flux = calculer(
        [version(AL, ligne("50"), debut=date(2025, 12, 31))],
        [liberation(A, date(2025, 12, 30)), liberation(A, date(2025, 12, 31)), liberation(A, date(2025, 12, 31))],
    )
    assert droits(flux) == {"AL": 1}


@pytest.mark.regle("RG-33")
def test_une_annee_bissextile_compte_le_29_fevrier() -> None:
    convention = version(AL, ligne("50"), debut=date(2024, 2, 29), fin=date(2024, 2, 29))
    flux = calculer([convention], [liberation(A, date(2024, 2, jour)) for jour in (28, 29, 29)], annee=2024)
    assert droits(flux) == {"AL": 1}


@pytest.mark.regle("RG-33")
@pytest.mark.regle("RG-11")
def test_un_droit_court_sur_son_assiette_qui_peut_depasser_son_perimetre() -> None:
    flux = calculer([version(CAF, ligne("10", "", {Z}, DEPARTEMENT))], [liberation(A) for _ in range(20)])
    assert droits(flux) == {"CAF94": 2}


@pytest.mark.regle("RG-03")
def test_le_bailleur_a_ce_qui_reste_quand_tous_les_droits_sont_servis() -> None:
    flux = calculer([de_l_etat(), version(COMA, ligne("20", "", {A}))], [liberation(A), liberation(B)])
    assert flux.non_reserve.droit_theorique == 2 - Fraction(6, 10) - Fraction(2, 10)


@pytest.mark.regle("RG-47")
@pytest.mark.parametrize(
    ("politique", "plafond", "solde", "report"),
    [
        ("", None, "3.5", "3.5"),
        (Report.TOTAL, None, "-2.25", "-2.25"),
        (Report.PLAFONNE, 2, "3.5", "2"),
        (Report.PLAFONNE, 2, "-3.5", "-2"),
        (Report.PLAFONNE, 2, "1.5", "1.5"),
        (Report.AUCUN, None, "3.5", "0"),
    ],
)
def test_le_report_suit_la_convention(politique: str, plafond: int | None, solde: str, report: str) -> None:
    convention = version(AL, ligne("20"), report=politique, report_plafond=plafond)
    flux = calculer([convention], [liberation()], reports={(convention.origine, ""): Decimal(solde)})
    (compte,) = flux.comptes
    assert compte.report == Fraction(report)
    assert compte.solde == Fraction(2, 10) + Fraction(report)
    assert compte.solde_anterieur == Fraction(solde)


@pytest.mark.regle("RG-47")
def test_l_etat_ne_reporte_pas_son_retard_par_defaut() -> None:
    etat = de_l_etat()
    flux = calculer([etat], [liberation()], reports={(etat.origine, "prioritaires"): Decimal(4)})
    assert all(compte.report == 0 for compte in flux.comptes)
    assert flux.compte("ETAT94/prioritaires").solde_anterieur == 4  # type: ignore[union-attr]  # le compte existe


@pytest.mark.regle("RG-47")
@given(st.fractions(-20, 20, max_denominator=10_000), st.integers(0, 10))
def test_un_report_plafonne_reste_entre_ses_bornes(solde: Fraction, plafond: int) -> None:
    assert -plafond <= appliquer_report(solde, Report.PLAFONNE, plafond) <= plafond
    assert appliquer_report(solde, Report.TOTAL, None) == solde


@pytest.mark.regle("RG-03")
@pytest.mark.regle("RG-46")
def test_un_compte_decompte_sans_convention_en_vigueur_apparait_quand_meme() -> None:
    echue = version(AL, ligne("20"), fin=date(2024, 12, 31), numero="VIEUX")
    flux = calculer(
        [echue],
        [
            liberation(A, date(2025, 6, 1), orientation(AL, date(2024, 12, 1))),
            liberation(A, date(2025, 6, 1), orientation(CAF)),
        ],
    )
    assert [(compte.compte, compte.convention, compte.decompte) for compte in flux.comptes] == [
        ("AL", "VIEUX", 1),
        ("CAF94", "", 1),
    ]


@pytest.mark.regle("RG-19")
def test_le_repli_court_jour_par_jour_jusqu_a_la_veille_de_l_effet() -> None:
    # 4 droits de MSA (ici CD) toute l'année, 3 de CAF jusqu'au 30 juin, sur 100 logements ; 50 baux le 30/06, 50 le 01/07.
    caf = version(CAF, ligne("2"), debut=date(2025, 7, 1))
    versions = [de_l_etat(), caf]
    conventions = Conventions(versions)
    stock = {CD.identifiant: {A: 4}, CAF.identifiant: {B: 3}}
    replis = calculer_replis(2025, conventions, stock, {A: 50, B: 50}, [CD, CAF], DEPARTEMENT)
    baux = [liberation(A, date(2025, 6, 30)) for _ in range(50)] + [liberation(B, date(2025, 7, 1)) for _ in range(50)]
    flux = calculer(versions, baux, replis=replis, logements_du_champ=100)
    repli = flux.compte("ETAT94/repli")
    assert repli is not None
    # 4 % × 100 + 3 % × 50 = 5,5 ; planchers 30 + 5 + 1 + 63 = 99, le centième au repli.
    assert (repli.droit_theorique, repli.droit, repli.convention, flux.non_reserve.droit) == (
        Fraction(11, 2),
        6,
        "",
        63,
    )
    assert presenter_flux(flux, [])["repli_prefet"] == {
        "logements_stock": 7,
        "taux": "7.00",
        "droit_theorique": "5.5000",
    }


@pytest.mark.regle("RG-19")
def test_qui_a_signe_a_l_echeance_ne_perd_pas_ses_droits() -> None:
    signee = version(CAF, ligne("2"), debut=date(2024, 6, 1), signature=date(2023, 11, 24))
    assert calculer_replis(2024, Conventions([signee]), {CAF.identifiant: {A: 3}}, {A: 10}, [CAF], DEPARTEMENT) == ()
    tardive = version(CAF, ligne("2"), debut=date(2024, 6, 1), signature=date(2023, 11, 25))
    (repli,) = calculer_replis(2024, Conventions([tardive]), {CAF.identifiant: {A: 3}}, {A: 10}, [CAF], DEPARTEMENT)
    assert (repli.debut, repli.fin, repli.taux) == (date(2024, 1, 1), date(2024, 5, 31), 30)


@pytest.mark.regle("RG-19")
@pytest.mark.regle("RG-07")
def test_l_etat_et_le_stock_maintenu_ne_sont_pas_concernes_par_le_repli() -> None:
    sante = RESERVATAIRES[7]
    droits_en_stock = {ETAT.identifiant: {A: 5}, sante.identifiant: {A: 5}}
    assert calculer_replis(2025, Conventions([]), droits_en_stock, {A: 10}, [ETAT, sante], DEPARTEMENT) == ()


@pytest.mark.regle("RG-19")
def test_le_repli_se_compte_sur_le_territoire_du_reservataire() -> None:
    (repli,) = calculer_replis(
        2025, Conventions([]), {COMA.identifiant: {A: 2, B: 9}}, {A: 8, B: 92}, [COMA], DEPARTEMENT
    )
    assert (repli.droits, repli.logements, repli.taux, repli.zone) == (2, 8, 25, frozenset({A}))


@pytest.mark.regle("RG-19")
def test_le_repli_commence_le_25_novembre_2023() -> None:
    (repli,) = calculer_replis(2023, Conventions([]), {CAF.identifiant: {A: 1}}, {A: 10}, [CAF], DEPARTEMENT)
    assert (repli.debut, repli.fin) == (date(2023, 11, 25), date(2023, 12, 31))
    assert calculer_replis(2022, Conventions([]), {CAF.identifiant: {A: 1}}, {A: 10}, [CAF], DEPARTEMENT) == ()


def controles(situation: FaitsFlux) -> dict[str, set[Niveau]]:
    trouves: dict[str, set[Niveau]] = {}
    for controle in controler_flux(situation, calculer_flux(situation)):
        trouves.setdefault(controle.regle, set()).add(controle.niveau)
    return trouves


@pytest.mark.regle("RG-14")
def test_le_controle_du_plafond_est_toujours_la() -> None:
    assert controles(faits([], []))["RG-14"] == {Niveau.OK}


@pytest.mark.regle("RG-14")
def test_un_depassement_constate_est_une_alerte() -> None:
    recus = [liberation(A, date(2025, 6, 1), orientation(ETAT, sous_contingent="prioritaires")) for _ in range(4)]
    situation = faits([de_l_etat("30", "0")], [*recus, *(liberation() for _ in range(6))])
    assert controles(situation)["RG-14"] == {Niveau.ALERTE}


@pytest.mark.regle("RG-37")
def test_la_part_hors_qpv_se_mesure_a_un_logement_pres() -> None:
    prioritaire = [liberation(A, date(2025, 6, 1), orientation(ETAT, sous_contingent="prioritaires")) for _ in range(2)]
    autres = [liberation(A, date(2025, 6, 1), orientation(None)) for _ in range(7)]
    # 2 sur 9 hors QPV : 30 % font 2,7, à un logement près.
    assert "RG-37" not in controles(faits([de_l_etat()], [*prioritaire, *autres]))
    # 2 sur 10 : 30 % font 3, un logement d'écart est admis. 2 sur 11 : 30 % font 3,3, il en manque plus d'un.
    dix = [*prioritaire, *autres, liberation(A, date(2025, 6, 1), orientation(None))]
    assert "RG-37" not in controles(faits([de_l_etat()], dix))
    onze = [*dix, liberation(A, date(2025, 6, 1), orientation(None))]
    assert controles(faits([de_l_etat()], onze))["RG-37"] == {Niveau.ALERTE}
    assert "RG-37" not in controles(faits([de_l_etat(part_hors_qpv_min=Decimal(20))], onze))


@pytest.mark.regle("RG-37")
def test_un_taux_sous_le_seuil_demande_une_stipulation_contraire() -> None:
    assert controles(faits([de_l_etat("20", "5")], []))["RG-37"] == {Niveau.ALERTE}


@pytest.mark.regle("RG-46")
def test_un_bail_sans_orientation_est_signale_et_n_est_decompte_a_personne() -> None:
    situation = faits([de_l_etat()], [liberation()])
    flux = calculer_flux(situation)
    assert sum(compte.decompte for compte in flux.comptes) + flux.non_reserve.decompte == 0
    assert controles(situation)["RG-46"] == {Niveau.ALERTE}


@pytest.mark.regle("RG-42")
def test_moins_de_trois_candidats_se_signale_sauf_pour_un_prioritaire() -> None:
    def cas(sous_contingent: str) -> dict[str, set[Niveau]]:
        orientee = orientation(ETAT, sous_contingent=sous_contingent, nb_candidats=1)
        return controles(faits([de_l_etat()], [liberation(A, date(2025, 6, 1), orientee)]))

    assert "RG-42" in cas("agents")
    assert "RG-42" not in cas("prioritaires")


@pytest.mark.regle("RG-37")
def test_les_parts_de_l_etat_excluent_le_repli_et_valent_null_sans_denominateur() -> None:
    assert presenter_flux(calculer([], []), [])["etat"] == {
        "part_du_flux": None, "part_du_flux_hors_qpv": None, "part_hors_qpv_de_son_flux": None,
    }  # fmt: skip
    flux = calculer(
        [de_l_etat()],
        [
            liberation(A, date(2025, 6, 1), orientation(ETAT, sous_contingent="repli")),
            liberation(A, date(2025, 6, 1), orientation(ETAT, sous_contingent="agents"), qpv="QN09401I"),
            liberation(A, date(2025, 6, 1), orientation(None)),
        ],
    )
    assert presenter_flux(flux, [])["etat"] == {
        "part_du_flux": "33.33", "part_du_flux_hors_qpv": "0.00", "part_hors_qpv_de_son_flux": "0.00",
    }  # fmt: skip


# --- Propriétés ---------------------------------------------------------------------------------------------------------------

JOURS = st.integers(0, 729).map(lambda ecart: date(2024, 7, 1) + timedelta(days=ecart))


@st.composite
def annees(tirer: st.DrawFn) -> FaitsFlux:
    parties = tirer(st.lists(st.sampled_from([AL, COMA, CD, CAF]), unique=True, max_size=4))
    versions = [de_l_etat()] if tirer(st.booleans()) else []
    for partie in parties:
        debut = tirer(JOURS)
        zone = partie.territoire or DEPARTEMENT
        versions.append(
            version(
                partie,
                ligne(Decimal(tirer(st.integers(0, 2_000))) / 100, "", zone),
                debut=debut,
                fin=tirer(st.one_of(st.none(), st.just(debut + timedelta(days=tirer(st.integers(0, 300)))))),
                modalites={"fait_generateur": tirer(st.sampled_from(["bail", "mise_a_disposition"]))},
                premieres_locations=tirer(st.sampled_from(["a_part", "dans_le_flux"])),
            )
        )
    liberations = [
        liberation(
            tirer(st.sampled_from(sorted(DEPARTEMENT))),
            tirer(st.one_of(st.none(), JOURS)),
            *(
                [
                    orientation(
                        tirer(st.sampled_from([None, ETAT, *parties])),
                        tirer(JOURS),
                        issue=tirer(st.sampled_from(list(Issue))),
                    )
                ]
                if tirer(st.booleans())
                else []
            ),
            qpv=tirer(st.sampled_from(["", "QN09401I"])),
            exclusion=tirer(st.sampled_from(["", "", "", "anru"])),
            nature=tirer(st.sampled_from(["relocation", "relocation", "premiere_location"])),
        )
        for _ in range(tirer(st.integers(0, 25)))
    ]
    return faits(versions, liberations)


@pytest.mark.regle("RG-33")
@given(annees())
def test_les_droits_theoriques_et_entiers_somment_au_flux(annee: FaitsFlux) -> None:
    flux = calculer_flux(annee)
    theoriques = sum((compte.droit_theorique for compte in flux.comptes), flux.non_reserve.droit_theorique)
    assert theoriques == flux.assiette.flux
    assert sum(compte.droit for compte in flux.comptes) + flux.non_reserve.droit == flux.assiette.flux


@pytest.mark.regle("RG-46")
@given(annees())
def test_une_liberation_n_est_decomptee_qu_une_fois(annee: FaitsFlux) -> None:
    flux = calculer_flux(annee)
    imputees = [decompte.liberation for compte in (*flux.comptes, flux.non_reserve) for decompte in compte.decomptes]
    assert len(imputees) == len(set(imputees))


@pytest.mark.regle("RG-33")
@given(annees(), st.integers())
def test_le_flux_ne_depend_pas_de_l_ordre_des_faits(annee: FaitsFlux, graine: int) -> None:
    hasard = random.Random(graine)  # noqa: S311 : un mélange d'essai
    versions, liberations = list(annee.conventions.versions), list(annee.liberations)
    hasard.shuffle(versions)
    hasard.shuffle(liberations)
    assert presenter_flux(calculer_flux(faits(versions, liberations)), []) == presenter_flux(calculer_flux(annee), [])


@pytest.mark.regle("RG-33")
@given(annees())
def test_chaque_nombre_se_deplie(annee: FaitsFlux) -> None:
    flux = calculer_flux(annee)
    connues = {un.identifiant for un in annee.liberations}
    for compte in flux.comptes:
        assert compte.droit_theorique == sum((un.droit for un in compte.lignes), Fraction(0))
        assert all(set(un.liberations) <= connues for un in compte.lignes)


@pytest.mark.regle("RG-33")
@given(annees(), JOURS)
def test_une_mise_en_location_de_plus_ne_baisse_aucun_droit(annee: FaitsFlux, bail: date) -> None:
    avant = droits(calculer_flux(annee))
    apres = droits(calculer_flux(faits(annee.conventions.versions, [*annee.liberations, liberation(A, bail)])))
    assert all(apres[compte] >= droit for compte, droit in avant.items())


@pytest.mark.regle("RG-60")
@given(annees())
def test_chaque_bail_du_flux_oriente_est_attribue_une_fois_et_les_sections_les_contiennent_tous(
    annee: FaitsFlux,
) -> None:
    flux = calculer_flux(annee)
    attributions = attributions_de_l_annee(annee, flux)
    signes = [un for un in flux.liberations if un.est_louee_entre(annee.premier_jour, annee.dernier_jour)]
    assert len(attributions) == len(signes)
    lignes = calculer_lignes(annee, flux.liberations)
    attribuees = [un for ligne in lignes for un in ligne.liberations_attribuees]
    assert len(attribuees) == len(set(attribuees)) == sum(un.section is Section.FLUX for un in attributions)
    assert [un.croisement for un in lignes] == sorted({un.croisement for un in lignes})
    assert all(un.proposes or un.attribues for un in lignes)


@pytest.mark.regle("RG-60")
def test_un_logement_propose_deux_fois_au_meme_compte_dans_l_annee_compte_une_fois() -> None:
    rendue = orientation(AL, date(2025, 3, 1), issue=Issue.RENDU)
    reprise = orientation(AL, date(2025, 5, 1), rang=2)
    autre_annee = orientation(CD, date(2024, 12, 31), issue=Issue.RENDU)
    situation = faits([version(AL, ligne("20"))], [liberation(A, date(2025, 6, 1), autre_annee, rendue, reprise)])
    (la_ligne,) = calculer_lignes(situation, calculer_flux(situation).liberations)
    assert (la_ligne.croisement.compte, la_ligne.proposes, la_ligne.attribues) == ("AL", 1, 1)


@pytest.mark.regle("RG-21")
@pytest.mark.regle("RG-60")
def test_en_gestion_deleguee_un_logement_oriente_est_propose() -> None:
    orientee = orientation(AL, date(2025, 3, 1), date_mise_a_disposition=None, issue=Issue.EN_COURS)
    for gestion, proposes in (("deleguee", 1), ("directe", 0)):
        situation = faits([version(AL, ligne("20"), modalites={"gestion": gestion})], [liberation(A, None, orientee)])
        assert sum(un.proposes for un in calculer_lignes(situation, calculer_flux(situation).liberations)) == proposes


@pytest.mark.regle("RG-04")
@pytest.mark.regle("RG-60")
def test_le_bilan_lit_le_qpv_du_jour_de_la_proposition_et_du_bail() -> None:
    classe = (Situation(None, date(2025, 4, 1), "", ""), Situation(date(2025, 4, 1), None, "QN09401I", ""))
    situation = faits(
        [version(AL, ligne("20"))],
        [liberation(A, date(2025, 6, 1), orientation(AL, date(2025, 3, 1)), situations=classe)],
    )
    lues = {
        un.croisement.qpv: (un.proposes, un.attribues)
        for un in calculer_lignes(situation, calculer_flux(situation).liberations)
    }
    assert lues == {False: (1, 0), True: (0, 1)}
