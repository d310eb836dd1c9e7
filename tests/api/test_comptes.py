"""Les comptes de l'année par l'API : les nombres de `calculer_flux`, et à chacun les siens (formats.md § 3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bilans.calcul import calculer_annee, calculer_les_comptes
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


def lire(organisme_id: int, suite: str = "annee=2025") -> dict[str, Any]:
    reponse = Client().get(f"/api/v1/comptes/?{suite}", headers=entetes(organisme_id))
    assert reponse.status_code == 200, reponse.content
    lu: dict[str, Any] = reponse.json()
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
    assert [(un["bailleur"], un["compte"], un["decompte"]) for un in lus] == [(bailleur.siren, "MAIRIE", 3)]


def test_un_autre_bailleur_n_y_lit_rien(bailleur: Bailleur) -> None:
    assert lire(creer_bailleur().pk, f"annee=2025&bailleur={bailleur.siren}")["results"] == []


def suivre(organisme_id: int, adresse: object) -> dict[str, Any]:
    suivie: dict[str, Any] = Client().get(str(adresse), headers=entetes(organisme_id)).json()
    return suivie


def compteur_de_requetes(organisme_id: int, suite: str) -> Callable[[], int]:
    """De quoi compter les requêtes d'une page ; un premier appel a déjà daté le dernier emploi du jeton."""
    qui = entetes(organisme_id)

    def compter() -> int:
        with CaptureQueriesContext(connection) as vues:
            assert Client().get(f"/api/v1/comptes/?{suite}", headers=qui).json()["results"]
        return len(vues)

    compter()
    return compter


def etat_chez(nombre: int, etat: Reservataire | None = None) -> Reservataire:
    """L'État, en convention avec autant de bailleurs de plus : deux comptes chez chacun."""
    etat = etat or creer_etat()
    for _ in range(nombre):
        bailleur = creer_bailleur()
        taux = [("25", "prioritaires", "departement:94"), ("5", "agents", "departement:94")]
        creer_convention(bailleur, etat, taux)
        creer_liberation(creer_logement(bailleur), date(2025, 3, 1), date_bail=date(2025, 4, 1))
    return etat


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


def test_les_pages_bout_a_bout_redonnent_la_liste_dans_les_deux_sens() -> None:
    """Un réservataire chez trois bailleurs, deux comptes chez chacun : les pages coupent un lieu, ou en réunissent."""
    etat = etat_chez(3)
    tout = lire(etat.pk)["results"]
    assert len(tout) == 6
    for taille in range(1, 8):
        avances, pages = [], [lire(etat.pk, f"annee=2025&taille={taille}")]
        while pages[-1]["next"]:
            pages.append(suivre(etat.pk, pages[-1]["next"]))
        for page in pages:
            avances += page["results"]
        assert avances == tout
        retours = [pages[-1]]
        while retours[-1]["previous"]:
            retours.append(suivre(etat.pk, retours[-1]["previous"]))
        assert [page["results"] for page in retours[::-1]] == [page["results"] for page in pages]


def test_une_page_ne_calcule_que_ses_bailleurs() -> None:
    """Une page d'une ligne coûte autant de requêtes chez deux bailleurs que chez huit."""
    etat = etat_chez(2)
    compter = compteur_de_requetes(etat.pk, "annee=2025&taille=1")
    chez_deux = compter()
    etat_chez(6, etat)
    assert compter() == chez_deux


def test_le_nombre_de_requetes_ne_depend_pas_du_volume(bailleur: Bailleur) -> None:
    compter = compteur_de_requetes(bailleur.pk, "annee=2025")
    peu = compter()
    mairie = Reservataire.objects.get(code="MAIRIE")
    for _ in range(20):
        liberation = creer_liberation(creer_logement(bailleur), date(2025, 3, 1), date_bail=date(2025, 4, 1))
        creer_orientation(liberation, mairie, issue="bail")
    assert compter() == peu


def test_sans_les_controles_le_flux_est_le_meme(bailleur: Bailleur) -> None:
    """Ce que l'API lit est, objet pour objet, le flux que `calculer_flux` calcule avec ses contrôles."""
    assert calculer_les_comptes(bailleur, "94", 2025)[1] == calculer_annee(bailleur, "94", 2025).flux


@pytest.mark.parametrize("curseur", ["%00", "zzzz", "LTE=", "Mw==", "OTk5OTk5OTk5OTk5OTk="])
def test_un_curseur_abime_est_introuvable(bailleur: Bailleur, curseur: str) -> None:
    assert Client().get(f"/api/v1/comptes/?curseur={curseur}", headers=entetes(bailleur.pk)).status_code == 404
