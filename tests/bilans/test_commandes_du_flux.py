"""Les commandes du flux face au contrat : cas exacts, codes de sortie, nombre de requêtes, second chemin (formats.md § 2)."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from attributions.models import Liberation, SoldeOuverture
from bilans import recoupement_sql
from bilans.calcul import calculer_annee
from bilans.models import Bilan
from bilans.recoupement import annees_a_verifier, verifier_annee, verifier_bilans, verifier_journaux, verifier_pieces
from conventions.models import Bailleur, Convention, ReservationStock
from flux_reservations.commun.empreinte import calculer_empreinte
from flux_reservations.pieces.models import Piece
from tests.fabriques import (
    VITRY,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)
from tests.jeu_aleatoire import JeuAleatoire

pytestmark = pytest.mark.django_db


def executer(*arguments: str) -> dict[str, Any]:
    """La commande et son JSON, seul sur la sortie standard."""
    sortie = StringIO()
    call_command(*arguments, "--format", "json", stdout=sortie, stderr=StringIO())
    lu: dict[str, Any] = json.loads(sortie.getvalue())
    return lu


def flux_de(bailleur: Bailleur, annee: int = 2025) -> dict[str, Any]:
    return executer("calculer_flux", "--bailleur", bailleur.siren, "--departement", "94", "--annee", str(annee))


def test_un_bailleur_inconnu_sort_en_1_avec_un_message() -> None:
    erreurs = StringIO()
    with pytest.raises(SystemExit) as sortie:
        call_command(
            "calculer_flux", bailleur="999999999", departement="94", annee=2025, stderr=erreurs, stdout=StringIO()
        )
    assert sortie.value.code == 1
    assert "Aucun bailleur" in erreurs.getvalue()


def test_un_departement_inconnu_sort_en_1() -> None:
    bailleur = creer_bailleur()
    with pytest.raises(SystemExit) as sortie:
        call_command(
            "convertir_stock",
            bailleur=bailleur.siren,
            departement="XX",
            date=date(2025, 1, 1),
            stderr=StringIO(),
            stdout=StringIO(),
        )
    assert sortie.value.code == 1


@pytest.mark.regle("RG-03")
@pytest.mark.regle("RG-33")
def test_le_flux_d_un_bailleur_sans_rien_est_vide_et_exact() -> None:
    lu = flux_de(creer_bailleur())
    assert lu["assiette"]["flux"] == 0
    assert lu["comptes"] == []
    assert lu["non_reserve"] == {"droit_theorique": "0.0000", "droit": 0, "decompte": 0}
    assert lu["etat"] == {"part_du_flux": None, "part_du_flux_hors_qpv": None, "part_hors_qpv_de_son_flux": None}


def test_le_flux_se_lit_aussi_en_texte() -> None:
    bailleur = creer_bailleur()
    creer_convention(bailleur, creer_reservataire("AL", "action_logement", "region:11"), [("20", "", "departement:94")])
    sortie = StringIO()
    call_command("calculer_flux", bailleur=bailleur.siren, departement="94", annee=2025, stdout=sortie)
    assert "A = 0 mises en location" in sortie.getvalue()
    assert "RG-14 ok" in sortie.getvalue()


@pytest.mark.regle("RG-14")
def test_un_taux_de_l_etat_trop_fort_est_bloquant_dans_le_json() -> None:
    bailleur = creer_bailleur()
    creer_convention(bailleur, creer_etat(), [("31", "prioritaires", "departement:94")])
    assert {"RG-14": "bloquant"}.items() <= {un["regle"]: un["niveau"] for un in flux_de(bailleur)["controles"]}.items()


@pytest.mark.regle("RG-16")
@pytest.mark.regle("RG-47")
def test_un_avenant_continue_le_compte_et_son_report() -> None:
    bailleur = creer_bailleur()
    al = creer_reservataire("AL", "action_logement", "region:11")
    origine = creer_convention(
        bailleur, al, [("20", "", "departement:94")], numero="C1", report="plafonne", report_plafond=2
    )
    Convention.objects.filter(pk=origine.pk).update(origine=origine, remplacee_le=date(2025, 7, 1))
    creer_convention(
        bailleur,
        al,
        [("10", "", "departement:94")],
        numero="C1-A1",
        effet=date(2025, 7, 1),
        origine=origine,
        avenant_de=origine,
    )
    SoldeOuverture.objects.create(convention=origine, annee=2025, report=Decimal("3.5000"))
    SoldeOuverture.objects.create(convention=origine, annee=2025, report=Decimal("-1.2500"), origine="bilan")
    for mois in (6, 7):
        creer_liberation(creer_logement(bailleur), date(2025, 3, 1), date_bail=date(2025, mois, 1))
    # 20 % + 10 % = 0,3 ; le bilan publié (−1,25) l'emporte sur le solde saisi.
    assert flux_de(bailleur)["comptes"] == [
        {"compte": "AL", "convention": "C1", "droit_theorique": "0.3000", "droit": 0, "report": "-1.2500", "decompte": 0,
         "solde": "-0.9500"},
    ]  # fmt: skip


@pytest.mark.regle("RG-07")
@pytest.mark.regle("RG-34")
def test_le_stock_maintenu_sort_de_a_et_du_patrimoine_converti() -> None:
    bailleur = creer_bailleur()
    hopital, caf = creer_reservataire("HOP", "sante", None), creer_reservataire("CAF", "organisme", None)
    maintenu, autre, dernier = (creer_logement(bailleur) for _ in range(3))
    ReservationStock.objects.create(
        logement=maintenu, reservataire=hopital, contrepartie="financement", date_debut=date(2000, 1, 1)
    )
    for logement in (maintenu, autre):
        ReservationStock.objects.create(logement=logement, reservataire=caf, contrepartie="financement")
        creer_liberation(logement, date(2025, 3, 1), date_bail=date(2025, 6, 1))
    creer_liberation(dernier, date(2025, 3, 1), date_bail=date(2025, 6, 1))
    assert flux_de(bailleur)["assiette"]["mises_en_location"] == 2
    lu = executer("convertir_stock", "--bailleur", bailleur.siren, "--departement", "94", "--date", "2026-01-01")
    assert lu["logements_du_champ"] == 2
    # Un droit sur deux logements : 50 % ; ni l'hôpital, ni le logement maintenu ne comptent.
    assert lu["reservataires"] == [
        {"reservataire": "CAF", "suite_actifs": 1, "suite_echus": 0, "uniques": 0, "taux_simple": "50.00",
         "taux_pondere": "50.00", "repli_prefet": "50.00"},
    ]  # fmt: skip


@pytest.mark.regle("RG-35")
def test_un_taux_sans_denominateur_est_null() -> None:
    bailleur = creer_bailleur()
    logement = creer_logement(bailleur)
    caf = creer_reservataire("CAF", "organisme", None)
    ReservationStock.objects.create(logement=logement, reservataire=caf, contrepartie="financement")
    (lu,) = executer("convertir_stock", "--bailleur", bailleur.siren, "--departement", "94", "--date", "2026-01-01")[
        "reservataires"
    ]
    assert (lu["taux_simple"], lu["taux_pondere"]) == ("100.00", None)


@pytest.mark.regle("RG-60")
def test_le_bilan_compte_proposes_et_attribues_par_croisement() -> None:
    bailleur = creer_bailleur()
    al = creer_reservataire("AL", "action_logement", "region:11")
    creer_convention(bailleur, al, [("20", "", "departement:94")])
    reprise = creer_liberation(
        creer_logement(bailleur, VITRY, annee_construction=1948), date(2025, 3, 1), date_bail=date(2025, 6, 1)
    )
    creer_orientation(reprise, al, date_mise_a_disposition=date(2025, 3, 2), issue="carence")
    creer_orientation(reprise, None, rang=2, date_orientation=date(2025, 4, 15), issue="bail")
    lu = executer("produire_bilan", "--bailleur", bailleur.siren, "--departement", "94", "--annee", "2025")
    croisement = {
        "commune": VITRY, "qpv": False, "typologie": "T3", "financement": "PLUS", "periode_construction": "avant 1949",
    }  # fmt: skip
    # Proposé à AL puis repris pour un tour : AL est décomptée (carence), le bail est au bailleur.
    assert lu["lignes"] == [
        {"compte": "AL", **croisement, "proposes": 1, "attribues": 0},
        {"compte": "BAILLEUR", **croisement, "proposes": 1, "attribues": 1},
    ]
    assert [(un["compte"], un["decompte"]) for un in lu["flux"]["comptes"]] == [("AL", 1)]


def test_le_json_du_flux_ne_contient_aucune_adresse() -> None:
    bailleur = creer_bailleur()
    creer_liberation(creer_logement(bailleur, adresse="1 rue secrète"), date(2025, 3, 1), date_bail=date(2025, 6, 1))
    assert "secrète" not in json.dumps(flux_de(bailleur), ensure_ascii=False)


@pytest.mark.parametrize("graine", [11, 12, 13])
def test_les_deux_chemins_sont_d_accord_sur_un_bailleur_tire_au_sort(graine: int) -> None:
    jeu = JeuAleatoire(graine, logements=50, par_an=40)
    for annee in (2023, 2024, 2025):
        assert verifier_annee(jeu.bailleur, "94", annee) == []
    assert sum(compte.decompte for compte in calculer_annee(jeu.bailleur, "94", 2024).flux.comptes) > 0


def test_le_nombre_de_requetes_ne_depend_pas_du_volume() -> None:
    petit, grand = JeuAleatoire(21, logements=10, par_an=5), JeuAleatoire(22, logements=80, par_an=60)
    nombres = []
    for jeu in (petit, grand):
        with CaptureQueriesContext(connection) as requetes:
            calculer_annee(jeu.bailleur, "94", 2025)
        nombres.append(len(requetes))
    assert nombres[0] == nombres[1] == 15


@pytest.mark.regle("RG-63")
def test_un_bilan_publie_dont_les_donnees_ont_change_se_voit() -> None:
    bailleur = creer_bailleur()
    al = creer_reservataire("AL", "action_logement", "region:11")
    convention = creer_convention(bailleur, al, [("20", "", "departement:94")], numero="C1")
    Convention.objects.filter(pk=convention.pk).update(origine=convention)
    creer_liberation(creer_logement(bailleur), date(2025, 3, 1), date_bail=date(2025, 6, 1))
    donnees = calculer_annee(bailleur, "94", 2025).bilan_json()
    piece = Piece.objects.deposer(
        organisme_id=bailleur.pk, genre="bilan", nom="b.pdf", type_mime="application/pdf", octets=b"pdf"
    )
    champs = {"bailleur": bailleur, "departement_id": "94", "etat": "publie", "publie_le": timezone.now(), "pdf": piece}
    Bilan.objects.create(annee=2025, donnees=donnees, empreinte=calculer_empreinte(donnees), **champs)
    SoldeOuverture.objects.create(convention=convention, annee=2026, report=Decimal("0.2000"), origine="bilan")
    assert [*verifier_bilans(), *verifier_pieces(), *verifier_journaux()] == []
    Bilan.objects.create(annee=2024, donnees={"flux": {"comptes": []}}, empreinte="0" * 64, **champs)
    SoldeOuverture.objects.create(convention=convention, annee=2025, report=Decimal(1), origine="bilan")
    assert [un.mesure for un in verifier_bilans()] == ["empreinte des données", "solde de C1"]


def test_verifier_donnees_recoupe_tout_et_dit_ce_qui_diverge(monkeypatch: pytest.MonkeyPatch) -> None:
    JeuAleatoire(31, logements=20, par_an=10)
    assert executer("verifier_donnees")["annees"] == len(annees_a_verifier())
    faux = recoupement_sql.REQUETE.replace("count(*)::numeric FROM qualifiees", "9999::numeric FROM qualifiees")
    monkeypatch.setattr("bilans.recoupement_sql.REQUETE", faux)
    erreurs = StringIO()
    with pytest.raises(SystemExit) as sortie:
        call_command("verifier_donnees", stderr=erreurs, stdout=StringIO())
    assert sortie.value.code == 1
    assert "flux (C)" in erreurs.getvalue()
    assert Liberation.objects.exists()
