"""Les comptes de l'année par l'API : les nombres de `calculer_flux`, et à chacun les siens (formats.md § 3)."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from conventions.models import Bailleur, Reservataire
from flux_reservations.acces.jetons import Jeton, tirer_secret
from tests.fabriques import (
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def bailleur() -> Bailleur:
    bailleur = creer_bailleur()
    creer_convention(
        bailleur, creer_etat(), [("25", "prioritaires", "departement:94"), ("5", "agents", "departement:94")]
    )
    mairie = creer_reservataire("MAIRIE", "commune", "commune:94028")
    creer_convention(bailleur, mairie, [("20", "", "commune:94028")])
    for _ in range(3):
        liberation = creer_liberation(creer_logement(bailleur), date(2025, 3, 1), date_bail=date(2025, 4, 1))
        creer_orientation(liberation, mairie, issue="bail")
    return bailleur


def entetes(organisme_id: int) -> dict[str, str]:
    secret, empreinte = tirer_secret()
    Jeton.objects.create(organisme_id=organisme_id, usage="essai", empreinte=empreinte, debut=secret[:12])
    return {"Authorization": f"Jeton {secret}"}


def lire(organisme_id: int, suite: str = "annee=2025") -> dict[str, object]:
    reponse = Client().get(f"/api/v1/comptes/?{suite}", headers=entetes(organisme_id))
    assert reponse.status_code == 200, reponse.content
    lu: dict[str, object] = reponse.json()
    return lu


@pytest.mark.regle("RG-47")
def test_les_comptes_sont_ceux_de_calculer_flux(bailleur: Bailleur) -> None:
    sortie = StringIO()
    qui = ["--bailleur", bailleur.siren, "--departement", "94", "--annee", "2025", "--format", "json"]
    call_command("calculer_flux", *qui, stdout=sortie)
    ou = {"bailleur": bailleur.siren, "departement": "94", "annee": 2025}
    attendus = [ou | compte for compte in json.loads(sortie.getvalue())["comptes"]]
    assert lire(bailleur.pk)["results"] == attendus
    assert [compte["compte"] for compte in attendus] == ["ETAT94/agents", "ETAT94/prioritaires", "MAIRIE"]


def test_un_reservataire_ne_lit_que_les_siens(bailleur: Bailleur) -> None:
    lus = lire(Reservataire.objects.get(code="MAIRIE").pk)["results"]
    assert [(un["bailleur"], un["compte"], un["decompte"]) for un in lus] == [(bailleur.siren, "MAIRIE", 3)]  # type: ignore[attr-defined]


def test_un_autre_bailleur_n_y_lit_rien(bailleur: Bailleur) -> None:
    assert lire(creer_bailleur().pk, f"annee=2025&bailleur={bailleur.siren}")["results"] == []


def test_le_curseur_avance_et_recule(bailleur: Bailleur) -> None:
    premiere = lire(bailleur.pk, "annee=2025&taille=2")
    seconde = Client().get(str(premiere["next"]), headers=entetes(bailleur.pk)).json()
    assert [un["compte"] for un in seconde["results"]] == ["MAIRIE"]
    assert seconde["next"] is None
    retour = Client().get(seconde["previous"], headers=entetes(bailleur.pk)).json()
    assert retour["results"] == premiere["results"]


@pytest.mark.parametrize("suite", ["annee=1", "annee=x", "bailleur=12", "departement=9999"])
def test_un_filtre_faux_est_dit(bailleur: Bailleur, suite: str) -> None:
    reponse = Client().get(f"/api/v1/comptes/?{suite}", headers=entetes(bailleur.pk))
    assert (reponse.status_code, reponse["Content-Type"]) == (400, "application/problem+json")
    assert suite.partition("=")[0] in reponse.json()["champs"]


@pytest.mark.parametrize("curseur", ["%00", "zzzz", "LTE=", "OTk5OTk5OTk5OTk5OTk="])
def test_un_curseur_abime_est_introuvable(bailleur: Bailleur, curseur: str) -> None:
    assert Client().get(f"/api/v1/comptes/?curseur={curseur}", headers=entetes(bailleur.pk)).status_code == 404
