"""SNE, SYPLO, AL'in : les colonnes qu'ils demandent, le contingent d'imputation, un motif et une trace (RG-02, RG-70)."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.test import Client
from openpyxl import load_workbook

from attributions.models import Candidat
from conventions.domaine.codes import TypeReservataire
from conventions.domaine.contingents import CONTINGENTS, code_contingent
from conventions.models import Bailleur, Reservataire
from flux_reservations.acces.consultations import Consultation
from tests.fabriques import (
    creer_bailleur,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
    creer_utilisateur,
)

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-02")]
PERIODE = {"du": "2025-03-01", "au": "2025-04-30", "motif": "Saisie mensuelle"}


@pytest.mark.parametrize("type_", list(TypeReservataire))
def test_tout_type_de_reservataire_a_son_code_de_contingent(type_: TypeReservataire) -> None:
    assert code_contingent(type_, "") in CONTINGENTS


def test_les_codes_du_repertoire() -> None:
    assert [
        code_contingent("etat", "agents"), code_contingent("etat", "prioritaires"), code_contingent("etat", "repli"),
        code_contingent("employeur", ""), code_contingent("action_logement", ""), code_contingent("commune", ""),
        code_contingent("defense", ""), code_contingent("organisme", ""), code_contingent("", ""),
    ] == [1, 2, 2, 3, 3, 4, 5, 6, 7]  # fmt: skip


def loge(bailleur: Bailleur, reservataire: Reservataire | None, numero: str, sous_contingent: str = "") -> None:
    liberation = creer_liberation(
        creer_logement(bailleur, identifiant_rpls="0940000001"), date(2025, 3, 3), date_bail=date(2025, 4, 1)
    )
    orientation = creer_orientation(
        liberation, reservataire, sous_contingent=sous_contingent, issue="bail", date_mise_a_disposition=date(2025, 3, 3),
        date_proposition=date(2025, 3, 10), date_caleol=date(2025, 3, 20), decision="rang",
    )  # fmt: skip
    Candidat.objects.create(
        orientation=orientation, numero_demande=numero, public="dalo", decision="rang", rang_caleol=2, reponse="accepte",
        date_reponse=date(2025, 3, 25),
    )  # fmt: skip
    Candidat.objects.create(
        orientation=orientation, numero_demande=f"{numero}-1", decision="rang", rang_caleol=1, reponse="refuse"
    )


@pytest.fixture
def client_du_bailleur() -> Client:
    bailleur = creer_bailleur()
    loge(bailleur, creer_etat(), "DEMANDE-ETAT", "agents")
    loge(bailleur, creer_reservataire("AL", "action_logement", None), "DEMANDE-AL")
    loge(bailleur, None, "DEMANDE-LIBRE")
    loge(creer_bailleur(), None, "DEMANDE-D-UN-AUTRE")
    client = Client()
    client.force_login(creer_utilisateur(bailleur), backend="django.contrib.auth.backends.ModelBackend")
    return client


def exporter(client: Client, systeme: str) -> list[list[str]]:
    reponse = client.post("/correspondances/", PERIODE | {"systeme": systeme, "csv": "1"})
    texte = reponse.getvalue().decode("utf-8-sig")
    return [ligne.split(";") for ligne in texte.splitlines()]


def test_le_sne_recoit_les_menages_loges_et_leur_contingent(client_du_bailleur: Client) -> None:
    entetes, *lignes = exporter(client_du_bailleur, "sne")
    code = entetes.index("Contingent d'imputation (code)")
    assert {(ligne[0], ligne[code]) for ligne in lignes} == {
        ("DEMANDE-ETAT", "1"),
        ("DEMANDE-AL", "3"),
        ("DEMANDE-LIBRE", "7"),
    }


def test_syplo_et_al_in_ne_recoivent_que_les_leurs_refus_compris(client_du_bailleur: Client) -> None:
    for systeme, numero in (("syplo", "DEMANDE-ETAT"), ("alin", "DEMANDE-AL")):
        entetes, *lignes = exporter(client_du_bailleur, systeme)
        rang = entetes.index("Numéro unique de demande")
        assert {ligne[rang] for ligne in lignes} == {numero, f"{numero}-1"}


@pytest.mark.regle("RG-70")
def test_l_export_est_motive_et_trace(client_du_bailleur: Client) -> None:
    refus = client_du_bailleur.post("/correspondances/", PERIODE | {"systeme": "sne", "motif": ""})
    assert refus.status_code == 422
    assert not Consultation.objects.exists()
    inverse = client_du_bailleur.post("/correspondances/", PERIODE | {"systeme": "sne", "au": "2024-01-01"})
    assert "échangez les deux dates" in inverse.content.decode()
    reponse = client_du_bailleur.post("/correspondances/", PERIODE | {"systeme": "sne", "xlsx": "1"})
    feuille = load_workbook(io.BytesIO(reponse.getvalue())).active
    assert feuille is not None
    assert feuille.max_row == 4
    trace = Consultation.objects.get()
    assert (trace.genre, trace.motif, trace.objet_cle) == ("export", "Saisie mensuelle", "sne 2025-03-01 2025-04-30")
