"""Les contrôles légaux du flux, cas par cas, et ce que le solde ne reporte pas : chaque jour, chaque commune, chaque version."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from bilans.domaine.controles import controler_flux
from bilans.domaine.equilibre import equilibre_du_compte
from bilans.domaine.faits import FaitsFlux
from bilans.domaine.flux import calculer_flux
from conventions.domaine.controles import Controle
from conventions.domaine.egalite import controler_taux_de_l_etat, divergences
from conventions.domaine.plafonds import controler_partage_des_garanties
from flux_reservations.droit.delais import dernier_jour_du_bilan
from flux_reservations.droit.taux import Derogation
from tests.faits import (
    AL,
    CD,
    COMA,
    EPCI,
    ETAT,
    A,
    B,
    de_l_etat,
    faits,
    garantie,
    liberation,
    ligne,
    orientation,
    version,
)


def controles(situation: FaitsFlux, regle: str) -> list[Controle]:
    return [un for un in controler_flux(situation, calculer_flux(situation)) if un.regle == regle and un.niveau != "ok"]


def a_quarante(debut: date, fin: date) -> Derogation:
    return Derogation(Decimal(40), None, "sécurité publique", "2025-1", debut, fin)


def quarante_pour_l_etat(jour: date) -> list[Any]:
    """Cent baux du flux le même jour, dont quarante au compte de l'État."""
    de_l_etat = [liberation(A, jour, orientation(ETAT, jour, sous_contingent="prioritaires")) for _ in range(40)]
    return [*de_l_etat, *(liberation(A, jour, orientation(None, jour)) for _ in range(60))]


@pytest.mark.regle("RG-14")
def test_une_derogation_du_dernier_jour_ne_couvre_pas_le_reste_de_l_annee() -> None:
    # 40 logements pour 100 × 30 % = 30 permis en mars ; la dérogation ne commence que le 31 décembre.
    tardive = de_l_etat(derogation=a_quarante(date(2025, 12, 31), date(2026, 12, 30)))
    (depassement,) = controles(faits([tardive], quarante_pour_l_etat(date(2025, 3, 1))), "RG-14")
    assert "40 logements décomptés pour l'État, pour 30 permis" in depassement.message


@pytest.mark.regle("RG-14")
def test_des_baux_signes_sous_derogation_restent_permis_apres_un_avenant_sans_elle() -> None:
    premiere = de_l_etat(derogation=a_quarante(date(2025, 1, 1), date(2025, 11, 30)), fin=date(2025, 11, 30))
    avenant = de_l_etat(debut=date(2025, 12, 1), origine=premiere.origine)
    assert controles(faits([premiere, avenant], quarante_pour_l_etat(date(2025, 3, 1))), "RG-14") == []


@pytest.mark.regle("RG-14")
def test_le_permis_de_l_annee_additionne_chaque_jour_a_son_plafond() -> None:
    # 50 baux avant la dérogation (30 %) et 50 pendant (40 %) : 15 + 20 = 35 permis.
    etat = de_l_etat(derogation=a_quarante(date(2025, 7, 1), date(2025, 12, 31)))

    def annee(recus: int) -> FaitsFlux:
        jours = [date(2025, 3, 1)] * 50 + [date(2025, 9, 1)] * 50
        return faits(
            [etat],
            [
                liberation(A, jour, orientation(ETAT, jour, sous_contingent="prioritaires") if rang < recus else orientation(None, jour))
                for rang, jour in enumerate(jours)
            ],
        )  # fmt: skip

    assert controles(annee(35), "RG-14") == []
    assert len(controles(annee(36), "RG-14")) == 1


@pytest.mark.regle("RG-15")
def test_trois_garants_egaux_ne_peuvent_pas_mieux_partager_vingt_pour_cent() -> None:
    # 20 ÷ 3 = 6,666… : 6,67 + 6,67 + 6,66 est le seul partage à deux décimales ; 6,68 dépasse.
    def partage(*taux: str) -> list[Controle]:
        parties = zip((COMA, EPCI, CD), taux, strict=True)
        versions = [version(qui, garantie(un, {A}, 100)) for qui, un in parties]
        return controler_partage_des_garanties(versions, date(2025, 1, 1), date(2025, 12, 31))

    assert partage("6.67", "6.67", "6.66") == []
    assert len(partage("6.68", "6.67", "6.65")) == 1


@pytest.mark.regle("RG-22")
def test_l_etat_suit_ses_premieres_locations_meme_si_un_autre_les_met_dans_le_flux() -> None:
    al = version(AL, ligne("20"), premieres_locations="dans_le_flux")
    neuves = [
        liberation(
            A,
            date(2025, 5, 1),
            orientation(ETAT, date(2025, 5, 1), sous_contingent="agents"),
            nature="premiere_location",
        )
        for _ in range(10)
    ]
    situation = faits([de_l_etat(), al], neuves)
    flux = calculer_flux(situation)
    assert (flux.assiette.flux, flux.etat.premieres_locations, flux.etat.premieres_a_l_etat) == (10, 10, 10)
    (signale,) = controles(situation, "RG-22")
    assert signale.message.startswith("10 × première location du flux")
    # Si l'État les met aussi dans le flux, elles lui sont décomptées : plus rien n'est à part.
    toutes = calculer_flux(faits([de_l_etat(premieres_locations="dans_le_flux"), al], neuves))
    assert (toutes.etat.premieres_locations, toutes.etat.decompte) == (0, 10)


@pytest.mark.regle("RG-24")
def test_un_taux_moindre_sur_une_seule_commune_est_signale() -> None:
    inegale = version(ETAT, ligne("30", "prioritaires", {A}), ligne("10", "prioritaires", {B}))
    (signale,) = controler_taux_de_l_etat(inegale, date(2025, 1, 1), {A, B})
    assert "en prévoit 10 %" in signale.message
    assert controler_taux_de_l_etat(inegale, date(2025, 1, 1), {A}) == []
    # Une convention sans ligne, ou qui ne couvre pas une commune du bailleur : 0 %.
    assert "en prévoit 0 %" in controler_taux_de_l_etat(version(ETAT), date(2025, 1, 1), {A})[0].message


@pytest.mark.regle("RG-25")
def test_un_avenant_ne_fait_pas_diverger_les_dates_d_effet() -> None:
    avenant = version(AL, ligne("24"), debut=date(2025, 7, 1), effet_de_la_chaine=date(2024, 1, 1))
    assert divergences([version(CD, ligne("3"), debut=date(2024, 1, 1)), avenant]) == ()
    assert divergences([version(CD, ligne("3"), debut=date(2024, 2, 1)), avenant])[0].modalite == "date d'effet"


@pytest.mark.regle("RG-37")
def test_des_taux_partiels_ne_s_additionnent_pas_d_une_commune_a_l_autre() -> None:
    # 20 % sur A et 20 % sur B : au mieux 20 % du flux hors QPV, pas 40 %.
    partielle = version(ETAT, ligne("20", "prioritaires", {A}), ligne("20", "prioritaires", {B}))
    baux = [
        liberation(commune, date(2025, 5, 1), orientation(None, date(2025, 5, 1)))
        for commune in (A, B)
        for _ in range(2)
    ]
    messages = [un.message for un in controles(faits([partielle], baux), "RG-37")]
    assert any("au mieux 20 %" in message for message in messages)
    assert len(controles(faits([partielle], []), "RG-37")) == 1


@pytest.mark.regle("RG-42")
def test_le_petit_nombre_de_demandes_s_excuse_par_un_motif_de_seance_ou_une_designation() -> None:
    def cas(qui: Any, gestion: str = "directe", motive: bool = False, **champs: Any) -> bool:
        orientee = orientation(qui, nb_candidats=1, **champs)
        conventions = [de_l_etat(modalites={"gestion": gestion}), version(AL, ligne("20"))]
        financement = "PLAI" if qui is AL else "PLUS"
        situation = faits(
            conventions,
            [liberation(A, date(2025, 6, 1), orientee, financement=financement)],
            nombres_motives=frozenset({orientee.identifiant} if motive else ()),
        )
        return bool(controles(situation, "RG-42"))

    assert not cas(ETAT, sous_contingent="prioritaires")
    # En gestion déléguée, le préfet ne désigne personne ; un PLAI n'est pas, à lui seul, un logement très social adapté.
    assert cas(ETAT, "deleguee", sous_contingent="prioritaires")
    assert cas(AL)
    assert not cas(AL, motive=True)


@pytest.mark.regle("RG-47")
def test_un_avenant_qui_reporte_tout_ne_compte_pas_le_retard_deux_fois() -> None:
    # « Aucun » jusqu'au 30 juin, « total » ensuite : le solde de 2025 passe en entier à 2026, rien n'en est perdu.
    premiere = version(AL, ligne("20"), report="aucun", fin=date(2025, 6, 30))
    avenant = version(AL, ligne("20"), report="total", debut=date(2025, 7, 1), origine=premiere.origine)
    baux = [liberation(A, date(2025, 3, 1)) for _ in range(10)]
    (compte,) = calculer_flux(faits([premiere, avenant], baux)).comptes
    assert (compte.solde, compte.non_reporte) == (2, 0)
    suivant = calculer_flux(faits([premiere, avenant], [], annee=2026, reports={(premiere.origine, ""): Decimal(2)}))
    assert suivant.comptes[0].report == 2


@pytest.mark.regle("RG-48")
def test_l_equilibre_ne_compare_qu_aux_baux_signes_pendant_la_convention() -> None:
    # AL n'est conventionnée que le 31 décembre : les 90 T2 de mars ne sont pas de son flux éligible.
    mars, dernier = date(2025, 3, 1), date(2025, 12, 31)
    baux = [liberation(A, mars, orientation(None, mars), typologie="T2") for _ in range(90)]
    baux += [liberation(A, dernier, orientation(AL, dernier), typologie="T4") for _ in range(10)]
    situation = faits([version(AL, ligne("20"), debut=dernier)], baux)
    flux = calculer_flux(situation)
    compte = flux.compte("AL")
    assert compte is not None
    ecarts = [un for un in equilibre_du_compte(situation, flux, compte) if un.dimension == "typologie"]
    assert [(un.modalite, un.recus, un.eligibles, un.points, un.est_une_alerte) for un in ecarts] == [
        ("T4", 10, 10, Fraction(0), False)
    ]


@pytest.mark.regle("RG-60")
def test_le_premier_bilan_du_decret_etait_du_le_27_fevrier_2020() -> None:
    assert dernier_jour_du_bilan(2019) == date(2020, 2, 27)
