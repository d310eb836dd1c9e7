"""Plafonds à chaque date et sur chaque commune, partage, égalité, uniformité (RG-14, RG-15, RG-24, RG-25, RG-36)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions.domaine.controles import Controle, Niveau
from conventions.domaine.egalite import (
    controler_taux_de_l_etat,
    controler_uniformite,
    divergences,
    lire_garantie_eteinte,
)
from conventions.domaine.perimetres import intervalles, recouvrements, somme_des_taux
from conventions.domaine.plafonds import controler_partage_des_garanties, controler_plafonds
from conventions.domaine.versions import VersionConvention
from flux_reservations.droit.taux import Derogation
from tests.faits import AL, CD, COMA, DEPARTEMENT, EPCI, ETAT, A, B, Z, de_l_etat, garantie, ligne, version

DEBUT, FIN = date(2025, 1, 1), date(2025, 12, 31)


def controler(*versions: VersionConvention) -> list[Controle]:
    return controler_plafonds(versions, DEBUT, FIN)


def niveaux(*versions: VersionConvention) -> set[Niveau]:
    return {controle.niveau for controle in controler(*versions)}


@pytest.mark.regle("RG-14")
def test_trente_pour_cent_dont_cinq_d_agents_tiennent_dans_les_plafonds() -> None:
    assert controler(de_l_etat("25", "5"), version(AL, ligne("20")), version(COMA, garantie("20", {A}))) == []


@pytest.mark.regle("RG-14")
@pytest.mark.parametrize(("prioritaires", "agents"), [("25.01", "5"), ("24", "5.01"), ("31", "0")])
def test_l_etat_et_ses_agents_ont_un_plafond_bloquant(prioritaires: str, agents: str) -> None:
    assert niveaux(de_l_etat(prioritaires, agents)) == {Niveau.BLOQUANT}


@pytest.mark.regle("RG-14")
def test_un_depassement_d_un_seul_jour_en_fin_d_annee_se_voit() -> None:
    # La convention commence le 31 décembre : 60 + 50 % ce jour-là seulement.
    avant, tardive = version(AL, ligne("60")), version(CD, ligne("50"), debut=date(2025, 12, 31))
    (controle,) = controler(avant, tardive)
    assert controle.niveau is Niveau.BLOQUANT
    assert "31/12/2025 au 31/12/2025" in controle.message
    assert controler_plafonds([avant, tardive], DEBUT, date(2025, 12, 30)) == []


@pytest.mark.regle("RG-14")
def test_deux_conventions_qui_se_suivent_ne_s_additionnent_pas() -> None:
    assert (
        controler(version(AL, ligne("60"), fin=date(2025, 6, 30)), version(CD, ligne("60"), debut=date(2025, 7, 1)))
        == []
    )


@pytest.mark.regle("RG-14")
def test_la_somme_se_mesure_commune_par_commune() -> None:
    partout = [de_l_etat(), version(AL, ligne("40"))]
    assert controler(*partout, version(COMA, ligne("30", "", {A}))) == []
    assert niveaux(*partout, version(COMA, ligne("30", "", {A})), version(EPCI, ligne("1", "", {A, B}))) == {
        Niveau.BLOQUANT
    }


@pytest.mark.regle("RG-13")
@pytest.mark.regle("RG-14")
def test_les_lignes_d_un_compte_s_additionnent_la_ou_elles_se_recouvrent() -> None:
    etat = version(ETAT, ligne("30", "prioritaires", {A, B}), ligne("1", "prioritaires", {Z}))
    assert controler(etat) == []
    assert niveaux(version(ETAT, ligne("30", "prioritaires"), ligne("1", "prioritaires", {Z}))) == {Niveau.BLOQUANT}


@pytest.mark.regle("RG-14")
def test_les_garanties_des_collectivites_depassent_vingt_pour_cent_en_alerte_seulement() -> None:
    assert niveaux(version(COMA, garantie("15", {A})), version(EPCI, garantie("6", {A, B}))) == {Niveau.ALERTE}


@pytest.mark.regle("RG-14")
def test_un_terrain_ou_un_financement_s_ajoute_aux_garanties() -> None:
    assert controler(version(COMA, garantie("20", {A}), ligne("10", "", {A}, contrepartie="apport_terrain"))) == []
    assert controler(version(AL, garantie("30", DEPARTEMENT))) == []


@pytest.mark.regle("RG-14")
def test_une_derogation_de_l_etat_leve_le_plafond_pendant_ses_dates() -> None:
    accordee = Derogation(Decimal(35), None, "sécurité publique", "2025-3", DEBUT, FIN)
    assert controler(de_l_etat("30", "5", derogation=accordee)) == []
    courte = Derogation(Decimal(35), None, "sécurité publique", "2025-3", DEBUT, date(2025, 6, 30))
    (controle,) = controler(de_l_etat("30", "5", derogation=courte))
    assert controle.niveau is Niveau.BLOQUANT
    assert "01/07/2025" in controle.message


@pytest.mark.regle("RG-14")
def test_un_droit_qui_court_au_dela_de_cent_pour_cent_est_une_alerte() -> None:
    zones = [version(COMA, ligne("60", "", {A}, DEPARTEMENT)), version(EPCI, ligne("60", "", {B}, DEPARTEMENT))]
    assert niveaux(*zones) == {Niveau.ALERTE}


@pytest.mark.regle("RG-15")
def test_un_garant_qui_depasse_sa_part_est_signale() -> None:
    # Garanties 25 / 25 / 50 → 5 / 5 / 10 %. La commune prend 6 %.
    versions = [
        version(COMA, garantie("6", {A}, 25)), version(EPCI, garantie("5", {A}, 25)), version(CD, garantie("9", {A}, 50)),
    ]  # fmt: skip
    (controle,) = controler_partage_des_garanties(versions, DEBUT, FIN)
    assert controle.niveau is Niveau.ALERTE
    assert controle.message.startswith("COMA")


@pytest.mark.regle("RG-15")
def test_un_garant_seul_ou_un_montant_inconnu_ne_se_compare_pas() -> None:
    assert controler_partage_des_garanties([version(COMA, garantie("20", {A}, 25))], DEBUT, FIN) == []
    inconnu = [version(COMA, garantie("15", {A}, 25)), version(EPCI, garantie("5", {A}))]
    assert controler_partage_des_garanties(inconnu, DEBUT, FIN) == []


@pytest.mark.regle("RG-24")
def test_l_etat_sous_trente_pour_cent_est_signale_avec_son_motif() -> None:
    (controle,) = controler_taux_de_l_etat(
        de_l_etat("20", "5", motif_sous_trente="patrimoine neuf"), DEBUT, DEPARTEMENT
    )
    assert "patrimoine neuf" in controle.message
    assert controler_taux_de_l_etat(de_l_etat(), DEBUT, DEPARTEMENT) == []


@pytest.mark.regle("RG-36")
def test_un_taux_de_l_etat_inegal_selon_les_communes_est_signale() -> None:
    inegal = version(ETAT, ligne("30", "prioritaires", {A, B}))
    (controle,) = controler_uniformite(inegal, DEBUT, DEPARTEMENT)
    assert "30 % sur 2 communes" in controle.message
    assert controler_uniformite(de_l_etat(), DEBUT, DEPARTEMENT) == []


@pytest.mark.regle("RG-25")
def test_l_egalite_de_traitement_montre_ce_qui_diverge() -> None:
    versions = [
        version(AL, modalites={"delai_jours": 30, "fait_generateur": "bail"}),
        version(CD, modalites={"delai_jours": 20, "fait_generateur": "bail"}),
        de_l_etat(modalites={"delai_jours": 30}),
    ]
    (divergence,) = divergences(versions)
    assert divergence.modalite == "délai de présentation"
    assert ("CD94", "20 jours calendaires") in divergence.valeurs


@pytest.mark.regle("RG-25")
def test_des_conventions_pareilles_ne_divergent_pas() -> None:
    assert divergences([version(AL), version(CD), de_l_etat()]) == ()


@pytest.mark.regle("RG-23")
def test_une_garantie_eteinte_court_encore_cinq_ans() -> None:
    lue = lire_garantie_eteinte("COMA", date(2020, 6, 30))
    assert not lue.est_echue(date(2025, 6, 30))
    assert lue.est_echue(date(2025, 7, 1))


BORNES = st.integers(-400, 800).map(lambda ecart: date.fromordinal(DEBUT.toordinal() + ecart))


@st.composite
def conventions(tirer: st.DrawFn) -> list[VersionConvention]:
    versions = []
    for partie in tirer(st.lists(st.sampled_from([AL, COMA, EPCI, CD]), max_size=5)):
        debut = tirer(BORNES)
        fin = tirer(
            st.one_of(
                st.none(), st.integers(0, 500).map(lambda jours, d=debut: date.fromordinal(d.toordinal() + jours))
            )
        )
        zone = tirer(st.sets(st.sampled_from(sorted(DEPARTEMENT)), min_size=1))
        versions.append(version(partie, ligne(str(tirer(st.integers(0, 60))), "", zone), debut=debut, fin=fin))
    return versions


@pytest.mark.regle("RG-14")
@given(conventions())
def test_les_intervalles_couvrent_la_periode_sans_trou_ni_recouvrement(versions: list[VersionConvention]) -> None:
    trouves = list(intervalles(versions, DEBUT, FIN))
    assert trouves[0][0] == DEBUT
    assert trouves[-1][1] == FIN
    assert all(fin.toordinal() + 1 == suivant[0].toordinal() for (_, fin), suivant in pairwise(trouves))


@pytest.mark.regle("RG-14")
@given(conventions(), st.integers(0, 364), st.sampled_from(sorted(DEPARTEMENT)))
def test_le_controle_trouve_un_depassement_si_et_seulement_si_un_jour_et_une_commune_le_montrent(
    versions: list[VersionConvention], jour: int, commune: str
) -> None:
    le = date.fromordinal(DEBUT.toordinal() + jour)
    somme = sum(
        (
            un.taux
            for convention in versions
            if convention.court(le)
            for un in convention.lignes
            if commune in un.perimetre
        ),
        Decimal(0),
    )
    (situation,) = [
        un for un in recouvrements(versions, DEBUT, FIN) if un.debut <= le <= un.fin and commune in un.communes
    ] or [None]
    assert somme == (somme_des_taux(situation.lignes) if situation else 0)
    if somme > 100:
        assert Niveau.BLOQUANT in {controle.niveau for controle in controler_plafonds(versions, DEBUT, FIN)}
