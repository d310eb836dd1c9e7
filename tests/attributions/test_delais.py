"""Délais et vacance : durées par étape, libérations qui traînent, filtres et export (RG-40)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from attributions.chargement.delais import avec_durees, compter_les_attentes, en_attente, resumer
from attributions.domaine.delais import Duree
from attributions.models import Candidat, Liberation
from conventions.models import Bailleur
from tests.fabriques import (
    creer_bailleur,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
    creer_utilisateur,
)

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-40")]


def louer(bailleur: Bailleur, vacance: int, bail: date | None = None) -> Liberation:
    """Un bail signé `vacance` jours après la disponibilité, par toutes ses étapes."""
    bail = bail or date(timezone.localdate().year, 1, 10)
    disponible = bail - timedelta(days=vacance)
    liberation = creer_liberation(
        creer_logement(bailleur), disponible, date_conge=disponible - timedelta(days=90), date_bail=bail
    )
    orientation = creer_orientation(
        liberation,
        creer_reservataire(),
        issue="bail",
        date_orientation=disponible - timedelta(days=80),
        date_mise_a_disposition=disponible - timedelta(days=78),
        date_proposition=disponible - timedelta(days=60),
        date_caleol=disponible - timedelta(days=50),
        decision="attribution",
    )
    Candidat.objects.create(
        orientation=orientation, numero_demande="1", reponse="accepte", date_reponse=disponible - timedelta(days=45)
    )
    return liberation


def test_chaque_etape_a_sa_duree() -> None:
    louer(creer_bailleur(), 20)
    lus = {une.duree: une.mediane for une in resumer(avec_durees(Liberation.objects.all()))}
    assert lus == {
        Duree.ORIENTATION: 10,
        Duree.NOTIFICATION: 2,
        Duree.PRESENTATION: 18,
        Duree.COMMISSION: 10,
        Duree.REPONSE: 5,
        Duree.SIGNATURE: 65,
        Duree.VACANCE: 20,
        Duree.TOTAL: 110,
    }


def test_un_bail_avant_la_disponibilite_n_est_pas_une_vacance_negative() -> None:
    louer(creer_bailleur(), -5)
    assert (
        next(une for une in resumer(avec_durees(Liberation.objects.all())) if une.duree is Duree.VACANCE).maximum == 0
    )


def test_ce_qu_attend_chaque_liberation() -> None:
    bailleur, caf, le = creer_bailleur(), creer_reservataire("CAF"), date(2026, 3, 31)
    for champs in (
        None,
        {},
        {"date_mise_a_disposition": date(2026, 3, 2)},
        {"date_mise_a_disposition": date(2026, 3, 2), "date_proposition": date(2026, 3, 5)},
        {
            "date_mise_a_disposition": date(2026, 3, 2),
            "date_proposition": date(2026, 3, 5),
            "date_caleol": date(2026, 3, 12),
            "decision": "rang",
        },
    ):
        liberation = creer_liberation(creer_logement(bailleur), date(2026, 3, 1))
        if champs is not None:
            creer_orientation(liberation, caf, **champs)
    creer_liberation(creer_logement(bailleur), date(2026, 3, 1), retrait="gel")
    attentes = en_attente(Liberation.objects.all(), le)
    assert compter_les_attentes(attentes) == dict.fromkeys(
        ["orientation", "notification", "presentation", "commission", "reponse"], 1
    )
    assert sorted(une.j_attente.days for une in attentes) == [19, 26, 29, 30, 30]  # type: ignore[attr-defined]


def test_la_page_dit_la_mediane_et_celles_qui_trainent() -> None:
    bailleur = creer_bailleur()
    aujourd_hui = timezone.localdate()
    for vacance in (10, 20, 30):
        louer(bailleur, vacance, aujourd_hui)
    creer_liberation(creer_logement(bailleur), aujourd_hui - timedelta(days=90), numero="LENTE")
    client = Client()
    client.force_login(creer_utilisateur(bailleur), backend="django.contrib.auth.backends.ModelBackend")
    assert "<strong>20,0</strong>" in client.get("/delais/").content.decode()
    page = client.get("/delais/en-attente/").content.decode()
    assert "LENTE" in page
    assert "Traîne" in page
    export = client.get("/delais/?export=csv").getvalue().decode()
    assert export.count("\r\n") == 4
    assert client.get("/delais/?annee=1999").status_code == 200
    assert client.get("/delais/?compte=BAILLEUR&departement=94&typologie=T3").status_code == 200


def test_le_nombre_de_requetes_ne_depend_pas_du_nombre_de_baux() -> None:
    bailleur = creer_bailleur()
    client = Client()
    client.force_login(creer_utilisateur(bailleur), backend="django.contrib.auth.backends.ModelBackend")
    louer(bailleur, 10, timezone.localdate())
    creer_liberation(creer_logement(bailleur), timezone.localdate())
    client.get("/delais/")

    def compter(adresse: str) -> int:
        with CaptureQueriesContext(connection) as requetes:
            client.get(adresse)
        return len(requetes)

    avant = [compter(adresse) for adresse in ("/delais/", "/delais/en-attente/")]
    for _ in range(5):
        louer(bailleur, 10, timezone.localdate())
        creer_liberation(creer_logement(bailleur), timezone.localdate())
    assert [compter(adresse) for adresse in ("/delais/", "/delais/en-attente/")] == avant
