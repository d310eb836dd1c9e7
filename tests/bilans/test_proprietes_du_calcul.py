"""Ce qui est vrai de toute année, règle par règle : sommes conservées, bornes, ordre indifférent, dates au bord (hypothesis)."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attributions.domaine.publics import mesurer
from bilans.domaine.chainage import raconter_les_comptes, soldes_de_fin
from bilans.domaine.equilibre import comparer_structures, part_realisee_par_commune
from bilans.domaine.faits import FaitsFlux
from bilans.domaine.flux import calculer_flux
from bilans.domaine.lignes import attributions_de_l_annee
from bilans.domaine.prevision import AnneeDeCommune, constater, prevoir, somme_des_exclusions
from bilans.domaine.publics import menages_de_l_annee, mesurer_la_mobilite
from conventions.domaine.codes import Report
from conventions.domaine.plafonds import controler_plafonds, place_restante
from conventions.domaine.repli import calculer_replis
from conventions.domaine.versions import Conventions, VersionConvention
from flux_reservations.commun.arrondis import arrondir, arrondir_a
from flux_reservations.commun.calendrier import ajouter_annees
from flux_reservations.droit.assiette import Qualification
from flux_reservations.droit.delais import EFFECTIF_MINIMAL_D_EQUILIBRE, SEUIL_D_EQUILIBRE
from flux_reservations.droit.taux import Derogation, plafond_agents, plafond_etat
from tests.bilans.test_flux_annuel import annees
from tests.faits import AL, CAF, CD, COMA, DEPARTEMENT, A, B, de_l_etat, faits, liberation, ligne, orientation, version

TAUX = st.integers(0, 10_000).map(lambda centiemes: Decimal(centiemes) / 100)


# --- L'assiette (RG-22, RG-30, RG-31) -----------------------------------------------------------------------------------------


@pytest.mark.regle("RG-30")
@pytest.mark.regle("RG-31")
@given(annees())
def test_chaque_bail_est_dans_une_categorie_et_c_vaut_a_moins_b(annee: FaitsFlux) -> None:
    flux = calculer_flux(annee)
    louees = [un for un in flux.liberations if un.est_louee_entre(annee.premier_jour, annee.dernier_jour)]
    categories = Counter(un.qualification for un in louees)
    assert sum(categories.values()) == len(louees)
    assert (
        flux.assiette.flux
        == flux.assiette.mises_en_location - flux.assiette.total_exclusions
        == categories[Qualification.FLUX]
    )
    assert flux.assiette.total_exclusions == categories[Qualification.EXCLUE]
    assert flux.assiette.premieres_locations == categories[Qualification.PREMIERE_LOCATION]


@pytest.mark.regle("RG-22")
@given(annees())
def test_une_premiere_location_n_entre_dans_c_que_si_une_convention_du_jour_le_dit(annee: FaitsFlux) -> None:
    for un in calculer_flux(annee).liberations:
        if un.est_premiere_location and un.est_du_flux:
            le = un.faits.date_de_reference
            assert annee.conventions.premieres_locations_dans_le_flux(un.faits.commune, le)


# --- Les dates au bord (RG-16, RG-33) -----------------------------------------------------------------------------------------


@pytest.mark.regle("RG-33")
def test_une_convention_qui_commence_le_trente_et_un_decembre_ne_compte_que_ce_jour() -> None:
    # 20 % : un bail le 30, un le 31 → 0,2 ; l'année suivante, le 1er janvier, elle court toujours.
    convention = version(AL, ligne("20"), debut=date(2025, 12, 31))
    baux = [liberation(A, jour) for jour in (date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 1))]
    assert calculer_flux(faits([convention], baux)).comptes[0].droit_theorique == Fraction(1, 5)
    assert calculer_flux(faits([convention], baux, annee=2026)).comptes[0].droit_theorique == Fraction(1, 5)


@pytest.mark.regle("RG-33")
def test_le_vingt_neuf_fevrier_compte_comme_un_jour() -> None:
    convention = version(AL, ligne("20"), debut=date(2024, 2, 29), fin=date(2024, 2, 29))
    baux = [liberation(A, jour) for jour in (date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1))]
    (compte,) = calculer_flux(faits([convention], baux, annee=2024)).comptes
    assert (compte.lignes[0].nombre, compte.droit_theorique) == (1, Fraction(1, 5))


@pytest.mark.regle("RG-16")
@given(st.integers(1, 364), TAUX, TAUX)
def test_un_avenant_coupe_l_annee_sans_trou_ni_recouvrement(jour: int, avant: Decimal, apres: Decimal) -> None:
    effet = date(2025, 1, 1) + timedelta(days=jour)
    premiere = version(AL, ligne(avant), fin=effet - timedelta(days=1))
    avenant = version(AL, ligne(apres), debut=effet, origine=premiere.origine)
    baux = [liberation(A, date(2025, 1, 1) + timedelta(days=ecart)) for ecart in range(0, 365, 7)]
    (compte,) = calculer_flux(faits([premiere, avenant], baux)).comptes
    nombres = [un.nombre for un in compte.lignes]
    assert sum(nombres) == len(baux)
    assert compte.droit_theorique == (nombres[0] * Fraction(avant) + nombres[1] * Fraction(apres)) / 100


# --- Les plafonds et la dérogation (RG-14) ------------------------------------------------------------------------------------


@pytest.mark.regle("RG-14")
@given(st.dates(date(2020, 3, 1), date(2035, 12, 31)), st.integers(0, 800), st.integers(-5, 900), st.integers(0, 100))
def test_une_derogation_ne_leve_rien_hors_de_ses_dates_ni_au_dela_d_un_an(
    debut: date, duree: int, ecart: int, taux: int
) -> None:
    derogation = Derogation(Decimal(taux), Decimal(taux), "motif", "arrêté", debut, debut + timedelta(days=duree))
    le = debut + timedelta(days=ecart)
    for plafond in (plafond_etat, plafond_agents):
        assert plafond(le, derogation) >= plafond(le)
        if not debut <= le <= debut + timedelta(days=duree) or le >= ajouter_annees(debut, 1) + timedelta(days=1):
            assert plafond(le, derogation) == plafond(le)
    assert (derogation.defauts == ()) is (
        debut + timedelta(days=duree) < ajouter_annees(debut, 1) or _finit_un_mois(debut, duree)
    )


def _finit_un_mois(debut: date, duree: int) -> bool:
    """Le 29 février n'a pas d'anniversaire : le dernier jour du mois en tient lieu."""
    return (debut.month, debut.day) == (2, 29) and debut + timedelta(days=duree) == date(debut.year + 1, 2, 28)


@pytest.mark.regle("RG-14")
@given(
    st.lists(
        st.tuples(st.sampled_from([AL, CD, CAF]), st.integers(0, 60), st.sampled_from([{A}, {B}, {A, B}])), max_size=5
    )
)
def test_la_place_restante_est_la_derniere_qui_tienne(droits: list[tuple[object, int, set[str]]]) -> None:
    le = date(2025, 6, 1)
    versions: list[VersionConvention] = [version(qui, ligne(str(taux), "", zone)) for qui, taux, zone in droits]  # type: ignore[arg-type]
    place = place_restante(versions, COMA.identifiant, frozenset({A}), le)

    def bloquants(taux: Decimal) -> int:
        sur_a = [version(COMA, ligne(taux, "", {A})), *versions]
        return sum(un.niveau == "bloquant" and "Somme" in un.message for un in controler_plafonds(sur_a, le, le))

    seuls = sum(taux for _, taux, zone in droits if B in zone) > 100
    if 0 <= place < 100:
        assert bloquants(place) == int(seuls)
        assert bloquants(place + Decimal("0.01")) == 1


# --- Le repli (RG-19) ---------------------------------------------------------------------------------------------------------


@pytest.mark.regle("RG-19")
@given(st.integers(1, 500), st.integers(0, 500), st.integers(1, 5_000))
def test_le_repli_se_compte_sur_le_territoire_d_origine_arrondi_au_centieme(
    dedans: int, dehors: int, logements: int
) -> None:
    parcs = {A: logements, B: 1_000}
    (repli,) = calculer_replis(
        2025, Conventions([]), {COMA.identifiant: {A: dedans, B: dehors}}, parcs, [COMA], DEPARTEMENT
    )
    assert (repli.zone, repli.droits, repli.logements) == ({A}, dedans, logements)
    assert repli.taux == arrondir_a(Fraction(100 * dedans, logements), 2)
    (sans_territoire,) = calculer_replis(
        2025, Conventions([]), {CAF.identifiant: {A: dedans, B: dehors}}, parcs, [CAF], DEPARTEMENT
    )
    assert (sans_territoire.droits, sans_territoire.logements) == (dedans + dehors, logements + 1_000)


@pytest.mark.regle("RG-19")
@given(st.dates(date(2024, 1, 2), date(2024, 12, 31)))
def test_le_repli_finit_la_veille_de_l_effet(effet: date) -> None:
    tardive = version(CAF, ligne("4"), debut=effet, signature=date(2023, 12, 1))
    baux = [liberation(A, effet - timedelta(days=1)), liberation(A, effet)]
    replis = calculer_replis(2024, Conventions([tardive]), {CAF.identifiant: {A: 4}}, {A: 100}, [CAF], DEPARTEMENT)
    flux = calculer_flux(faits([tardive, de_l_etat()], baux, annee=2024, replis=replis))
    droits = {un.compte: un.droit_theorique for un in flux.comptes}
    assert droits["ETAT94/repli"] == droits["CAF94"] == Fraction(4, 100)


# --- La prévision (RG-32) -----------------------------------------------------------------------------------------------------


@st.composite
def histoires(tirer: st.DrawFn) -> dict[str, list[AnneeDeCommune]]:
    histoire = {}
    for commune in tirer(st.lists(st.sampled_from(sorted(DEPARTEMENT)), unique=True)):
        annees_lues = []
        for _ in range(3):
            baux = tirer(st.integers(0, 60))
            annees_lues.append(AnneeDeCommune(baux, {"mutation": tirer(st.integers(0, baux)) // 2, "anru": baux // 4}))
        histoire[commune] = annees_lues
    return histoire


@pytest.mark.regle("RG-32")
@given(histoires(), st.dictionaries(st.sampled_from(sorted(DEPARTEMENT)), st.integers(0, 400)))
def test_la_prevision_garde_la_somme_et_tient_dans_son_intervalle(
    histoire: dict[str, list[AnneeDeCommune]], logements: dict[str, int]
) -> None:
    rotation = Fraction(8, 100)
    prevues = prevoir(histoire, logements, rotation)
    attendue = sum((Fraction(sum(un.mises_en_location for un in ans), 3) for ans in histoire.values()), Fraction(0))
    attendue += sum(
        (nombre * rotation for commune, nombre in logements.items() if commune not in histoire), Fraction(0)
    )
    assert sum(un.mises_en_location for un in prevues) == arrondir(attendue)
    assert {un.commune for un in prevues} == {*histoire, *logements}
    for un in prevues:
        assert un.minimum <= un.mises_en_location <= un.maximum
        assert un.flux >= 0
    motifs = somme_des_exclusions(prevues)
    for motif in ("mutation", "anru"):
        total = sum((Fraction(sum(an.exclusions[motif] for an in ans), 3) for ans in histoire.values()), Fraction(0))
        assert motifs.get(motif, 0) == arrondir(total)
    melangees = prevoir(dict(reversed(histoire.items())), dict(reversed(logements.items())), rotation)
    assert melangees == prevues


@pytest.mark.regle("RG-32")
@given(annees())
def test_le_constate_par_commune_somme_a_l_assiette(annee: FaitsFlux) -> None:
    flux = calculer_flux(annee)
    constates = constater(annee, flux)
    assert sum(un.mises_en_location for un in constates.values()) == flux.assiette.mises_en_location
    assert sum(un.total_exclusions for un in constates.values()) == flux.assiette.total_exclusions


# --- Les soldes (RG-47) -------------------------------------------------------------------------------------------------------


@pytest.mark.regle("RG-47")
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 8)), min_size=1, max_size=4),
    TAUX,
    st.sampled_from([Report.TOTAL, Report.PLAFONNE, Report.AUCUN]),
    st.integers(0, 3),
)
def test_rien_ne_se_perd_d_une_annee_a_l_autre(
    annees_lues: list[tuple[int, int]], taux: Decimal, politique: str, plafond: int
) -> None:
    """Σ droits − Σ décomptes = dernier solde + ce qui n'a pas été reporté, quelle que soit la politique."""
    convention = version(
        AL, ligne(taux), report=politique, report_plafond=plafond if politique == Report.PLAFONNE else None
    )
    soldes: dict[tuple[int, str], Decimal] = {}
    flux_lus = []
    for rang, (autres, recus) in enumerate(annees_lues):
        jour = date(2024 + rang, 6, 1)
        baux = [liberation(A, jour) for _ in range(autres)] + [
            liberation(A, jour, orientation(AL, jour)) for _ in range(recus)
        ]
        flux = calculer_flux(faits([convention], baux, annee=2024 + rang, reports=soldes))
        flux_lus.append(flux)
        soldes = soldes_de_fin(flux)
        if politique == Report.PLAFONNE:
            assert abs(flux.comptes[0].report) <= plafond
    (histoire,) = raconter_les_comptes(flux_lus)
    derniere = histoire.annees[-1]
    perdus = histoire.cumul_non_reporte - derniere.non_reporte
    droits = sum((un.droit_theorique for un in histoire.annees), Fraction(0))
    assert droits - sum(un.decompte for un in histoire.annees) == derniere.solde + perdus
    if politique == Report.TOTAL:
        assert perdus == 0
    if politique == Report.AUCUN:
        assert histoire.cumul_non_reporte == droits - sum(un.decompte for un in histoire.annees)


# --- Équilibre, uniformité, publics (RG-36, RG-48, RG-50, RG-52) ----------------------------------------------------------------


@pytest.mark.regle("RG-48")
@given(annees(), st.data())
def test_les_ecarts_de_structure_se_compensent_et_n_alertent_qu_assez_nombreux(
    annee: FaitsFlux, donnees: st.DataObject
) -> None:
    tous = list(annee.liberations)
    recus = donnees.draw(st.lists(st.sampled_from(tous), max_size=20)) if tous else []
    ecarts = comparer_structures(recus, tous, annee.dernier_jour)
    minimum, seuil = (
        EFFECTIF_MINIMAL_D_EQUILIBRE.valeur(annee.dernier_jour),
        SEUIL_D_EQUILIBRE.valeur(annee.dernier_jour),
    )
    for dimension in {un.dimension for un in ecarts}:
        siens = [un for un in ecarts if un.dimension == dimension]
        assert sum(un.recus for un in siens) == len(recus)
        if recus:
            assert sum((un.points for un in siens), Fraction(0)) == 0
    for un in ecarts:
        assert un.est_une_alerte is (un.total_recus >= minimum and abs(un.points) > seuil)


@pytest.mark.regle("RG-36")
@pytest.mark.regle("RG-37")
@given(annees())
def test_les_parts_de_l_etat_par_commune_somment_a_son_decompte(annee: FaitsFlux) -> None:
    flux = calculer_flux(annee)
    etat = [un for un in flux.comptes if un.sous_contingent in {"prioritaires", "agents"}]
    parts = part_realisee_par_commune(flux, annee, etat)
    assert sum(recus for recus, _ in parts.values()) == flux.etat.decompte
    assert sum(total for _, total in parts.values()) == flux.assiette.flux == flux.etat.flux
    assert 0 <= flux.etat.decompte_hors_qpv <= flux.etat.decompte
    assert 0 <= flux.etat.flux_hors_qpv <= flux.etat.flux


@pytest.mark.regle("RG-50")
@pytest.mark.regle("RG-52")
@given(annees())
def test_les_indicateurs_de_publics_partagent_tous_les_baux(annee: FaitsFlux) -> None:
    flux = calculer_flux(annee)
    attributions = attributions_de_l_annee(annee, flux)
    menages = menages_de_l_annee(annee, flux, attributions)
    indicateurs = mesurer(menages, annee.dernier_jour)
    for un in indicateurs:
        assert 0 <= un.servis <= un.total
        assert un.est_tenu is (None if un.total == 0 else un.servis >= un.seuil * un.total)
    sans_compte = [un for un in indicateurs if not un.compte]
    assert sum(un.total + un.inconnus for un in sans_compte) == len(menages)
    mobilite = mesurer_la_mobilite(attributions)
    assert mobilite.mutations + sum(mobilite.relogements.values()) <= mobilite.attributions
