"""La commande `orienter` : le contrat de formats.md § 2, codes de sortie compris."""

from __future__ import annotations

import json
from datetime import date, timedelta
from fractions import Fraction
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext

from attributions.chargement.moteur import charger_annee_du_moteur
from attributions.domaine.faits_moteur import CompteDecide
from attributions.models import Proposition, SoldeOuverture
from conventions.domaine.codes import TypeReservataire
from conventions.models import Bailleur, Reservataire, ReservationStock, SituationLogement
from tests.fabriques import (
    CRETEIL,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-41")]


def _orienter(bailleur: Bailleur, *autres: str, annee: int = 2025) -> list[dict[str, Any]]:
    sortie = StringIO()
    call_command(
        "orienter",
        "--bailleur",
        bailleur.siren,
        "--departement",
        "94",
        "--annee",
        str(annee),
        *autres,
        "--format",
        "json",
        stdout=sortie,
    )
    return json.loads(sortie.getvalue())["orientations"]


@pytest.fixture
def bailleur() -> Bailleur:
    bailleur = creer_bailleur()
    creer_convention(bailleur, creer_etat(), [("30", "prioritaires", "departement:94")])
    creer_convention(
        bailleur,
        creer_reservataire("AL", TypeReservataire.ACTION_LOGEMENT, "region:11"),
        [("20", "", "departement:94")],
    )
    creer_convention(
        bailleur, creer_reservataire("COMA", TypeReservataire.COMMUNE, "commune:94028"), [("20", "", "commune:94028")]
    )
    return bailleur


def _liberer(bailleur: Bailleur, nombre: int, depart: date = date(2025, 2, 1)) -> list[Any]:
    return [
        creer_liberation(creer_logement(bailleur, CRETEIL), depart + timedelta(days=2 * rang), numero=f"L{rang:03d}")
        for rang in range(nombre)
    ]


def test_simuler_dix_sur_a_donne_la_suite_attendue_et_n_ecrit_rien(bailleur: Bailleur) -> None:
    _liberer(bailleur, 10)
    orientations = _orienter(bailleur, "--simuler")
    noms = {"ETAT94/prioritaires": "E", "BAILLEUR": "B.", "AL": "AL", "COMA": "COMA"}
    assert " ".join(noms[une["compte"]] for une in orientations) == "E B. AL COMA E B. COMA AL E B."
    assert orientations[0]["eligibles"] == [
        {"compte": "ETAT94", "retard": "0.3000"},
        {"compte": "BAILLEUR", "retard": "0.3000"},
        {"compte": "AL", "retard": "0.2000"},
        {"compte": "COMA", "retard": "0.2000"},
    ]
    assert not Proposition.objects.exists()


def test_une_decision_reelle_n_est_pas_rejouee_comme_proposition(bailleur: Bailleur) -> None:
    liberations = _liberer(bailleur, 3)
    creer_orientation(liberations[0])
    assert [une["liberation"] for une in _orienter(bailleur, "--simuler")] == ["L001", "L002"]


def test_un_logement_rendu_est_a_orienter_de_nouveau(bailleur: Bailleur) -> None:
    liberations = _liberer(bailleur, 1)
    creer_orientation(liberations[0], Reservataire.objects.get(code="AL"), issue="rendu", date_rendu=date(2025, 3, 1))
    orientation = _orienter(bailleur, "--simuler")[0]
    assert "AL" not in {un["compte"] for un in orientation["eligibles"]}


def test_sans_simuler_le_lot_est_ecrit_et_l_etat_reste_sous_son_seul_code(bailleur: Bailleur) -> None:
    _liberer(bailleur, 4)
    orientations = _orienter(bailleur)
    assert {une["compte"] for une in orientations} == {"ETAT94", "BAILLEUR", "AL", "COMA"}
    assert Proposition.objects.count() == 4
    assert _orienter(bailleur) == orientations


@pytest.mark.parametrize("autres", [["--lot", "5"], ["--simuler", "--lot", "0"], ["--simuler", "--lot", "x"]])
def test_mal_appelee_elle_sort_avec_deux(bailleur: Bailleur, autres: list[str]) -> None:
    with pytest.raises(CommandError) as erreur:
        _orienter(bailleur, *autres)
    assert erreur.value.returncode in {1, 2}


def test_un_bailleur_inconnu_sort_avec_un(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as sortie:
        call_command("orienter", "--bailleur", "999999999", "--departement", "94", "--annee", "2025", "--simuler")
    assert sortie.value.code == 1


def test_celles_d_avant_sans_bail_entrent_d_abord_datees_du_premier_janvier(bailleur: Bailleur) -> None:
    creer_liberation(creer_logement(bailleur), date(2024, 11, 20), numero="ANCIENNE")
    creer_liberation(creer_logement(bailleur), date(2024, 11, 21), numero="LOUEE", date_bail=date(2024, 12, 31))
    creer_liberation(creer_logement(bailleur), date(2024, 11, 22), numero="LOUEE-APRES", date_bail=date(2025, 1, 2))
    _liberer(bailleur, 1)
    assert [une["liberation"] for une in _orienter(bailleur, "--simuler")] == ["ANCIENNE", "LOUEE-APRES", "L000"]


@pytest.mark.parametrize("champs", [{"exclusion": "mutation"}, {"retrait": "gel"}, {"nature": "premiere_location"}])
def test_ce_qui_n_est_pas_du_flux_n_entre_pas(bailleur: Bailleur, champs: dict[str, str]) -> None:
    creer_liberation(creer_logement(bailleur), numero="AUTRE", **champs)
    assert _orienter(bailleur, "--simuler") == []


@pytest.mark.regle("RG-07")
def test_le_stock_maintenu_et_le_hors_champ_n_entrent_pas(bailleur: Bailleur) -> None:
    defense = creer_reservataire("DEF", TypeReservataire.DEFENSE)
    reserve = creer_logement(bailleur)
    ReservationStock.objects.create(logement=reserve, reservataire=defense, contrepartie="financement")
    creer_liberation(reserve)
    creer_liberation(creer_logement(bailleur, hors_champ="foyer"))
    assert _orienter(bailleur, "--simuler") == []


@pytest.mark.regle("RG-04")
def test_le_qpv_se_lit_a_la_disponibilite(bailleur: Bailleur) -> None:
    logement = creer_logement(bailleur)
    SituationLogement.objects.filter(logement=logement).update(periode=DateRange(None, date(2025, 6, 1)))
    SituationLogement.objects.create(logement=logement, periode=DateRange(date(2025, 6, 1), None), qpv="QN09401M")
    creer_liberation(logement, date(2025, 3, 1), numero="AVANT", date_bail=date(2025, 5, 1))
    creer_liberation(logement, date(2025, 8, 1), numero="APRES")
    faits = charger_annee_du_moteur(bailleur, "94", 2025).faits
    assert {libere.numero: libere.qpv for libere in faits.liberations} == {"AVANT": False, "APRES": True}


@pytest.mark.regle("RG-47")
def test_le_report_suit_la_politique_de_la_convention(bailleur: Bailleur) -> None:
    for convention in bailleur.conventions.all():
        SoldeOuverture.objects.create(
            convention=convention,
            sous_contingent="prioritaires" if convention.reservataire.est_etat else "",
            annee=2025,
            report="1.5000",
        )
    bailleur.conventions.filter(reservataire__code="AL").update(report="plafonne", report_plafond=1)
    faits = charger_annee_du_moteur(bailleur, "94", 2025).faits
    assert {partie.code: partie.report for partie in faits.parties} == {"AL": 10_000, "COMA": 15_000, "ETAT94": 0}


@pytest.mark.regle("RG-19")
def test_le_repli_est_une_partie_distincte_de_l_etat(bailleur: Bailleur) -> None:
    msa = creer_reservataire("MSA", TypeReservataire.ORGANISME, None)
    logements = [creer_logement(bailleur) for _ in range(10)]
    ReservationStock.objects.create(logement=logements[0], reservataire=msa, contrepartie="financement")
    creer_liberation(logements[1], numero="L1")
    eligibles = {un["compte"]: un["retard"] for un in _orienter(bailleur, "--simuler")[0]["eligibles"]}
    assert eligibles["ETAT94/repli"] == "0.1000"
    assert eligibles["ETAT94"] == "0.3000"


@pytest.mark.regle("RG-14")
def test_une_derogation_datee_change_le_plafond(bailleur: Bailleur) -> None:
    bailleur.conventions.filter(reservataire__code="ETAT94").update(
        derogation_taux="35.00", derogation_motif="Sécurité", derogation_arrete="A-1",
        derogation_debut=date(2025, 4, 1), derogation_fin=date(2025, 6, 30),
    )  # fmt: skip
    plafonds = charger_annee_du_moteur(bailleur, "94", 2025).faits.plafonds
    assert [(plafond.depuis, plafond.etat) for plafond in plafonds] == [
        (date.min, 3_000),
        (date(2025, 4, 1), 3_500),
        (date(2025, 7, 1), 3_000),
    ]


def test_la_rotation_vient_des_trois_annees_precedentes(bailleur: Bailleur) -> None:
    """Six baux en trois ans sur douze logements : 6 × 10 000 ÷ 36 = 1 667."""
    for rang in range(12):
        logement = creer_logement(bailleur)
        if rang < 6:
            creer_liberation(logement, date(2022 + rang // 2, 3, 1), date_bail=date(2022 + rang // 2, 5, 1))
    assert charger_annee_du_moteur(bailleur, "94", 2025).faits.rotation == 1_667


def test_le_nombre_de_requetes_ne_depend_pas_du_volume(bailleur: Bailleur) -> None:
    _liberer(bailleur, 2)
    with CaptureQueriesContext(
        connection,
    ) as peu:
        charger_annee_du_moteur(bailleur, "94", 2025)
    for rang in range(8):
        liberation = creer_liberation(creer_logement(bailleur, "94081"), numero=f"M{rang}")
        creer_orientation(liberation)
    with CaptureQueriesContext(connection) as beaucoup:
        charger_annee_du_moteur(bailleur, "94", 2025)
    assert len(peu) == len(beaucoup)


@pytest.mark.regle("RG-46")
def test_une_carence_reste_au_compte_et_la_reprise_n_en_est_pas_une_autre(bailleur: Bailleur) -> None:
    liberations = _liberer(bailleur, 1)
    creer_orientation(liberations[0], Reservataire.objects.get(code="AL"), issue="carence")
    creer_orientation(liberations[0], rang=2)
    libere = charger_annee_du_moteur(bailleur, "94", 2025).faits.liberations[0]
    assert libere.decision == CompteDecide("AL")
    assert libere.rendus == frozenset()


@pytest.mark.regle("RG-16")
def test_les_conventions_successives_forment_une_seule_partie_et_leurs_reports_s_additionnent(
    bailleur: Bailleur,
) -> None:
    caf = creer_reservataire("CAF94")
    ancienne = creer_convention(bailleur, caf, [("2", "", "departement:94")], date_fin=date(2025, 3, 31))
    nouvelle = creer_convention(bailleur, caf, [("4", "", "departement:94")], effet=date(2025, 4, 1))
    for convention, report in ((ancienne, "1.2500"), (nouvelle, "-0.5000")):
        SoldeOuverture.objects.create(convention=convention, annee=2025, report=report)
    parties = {partie.code: partie for partie in charger_annee_du_moteur(bailleur, "94", 2025).faits.parties}
    assert parties["CAF94"].report == 7_500
    assert [(ligne.taux, ligne.fin) for ligne in parties["CAF94"].lignes] == [(200, date(2025, 3, 31)), (400, None)]


def test_une_orientation_vers_un_reservataire_sans_convention_est_comptee(bailleur: Bailleur) -> None:
    """Importée, signalée, mais réelle : le compte prend un logement d'avance, et Σ des retards reste nulle."""
    liberations = _liberer(bailleur, 2)
    creer_orientation(liberations[0], creer_reservataire("ASSO"))
    eligibles = _orienter(bailleur, "--simuler")[0]["eligibles"]
    assert "ASSO" not in {un["compte"] for un in eligibles}
    assert sum(Fraction(un["retard"]) for un in eligibles) == 2
