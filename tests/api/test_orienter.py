"""L'API : lire avec un jeton, orienter une libération, rejouer sans rien refaire (formats.md § 3)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from attributions.models import Liberation, Orientation
from conventions.models import Bailleur
from flux_reservations.acces.jetons import Jeton, Portee, tirer_secret
from tests.fabriques import creer_bailleur, creer_convention, creer_etat, creer_liberation, creer_logement

pytestmark = pytest.mark.django_db


@pytest.fixture
def liberation() -> Liberation:
    bailleur = creer_bailleur()
    creer_convention(bailleur, creer_etat(), [("30", "prioritaires", "departement:94")])
    return creer_liberation(creer_logement(bailleur), timezone.localdate())


def jeton(bailleur: Bailleur, portee: Portee = Portee.ECRITURE, **options: Any) -> dict[str, str]:
    secret, empreinte = tirer_secret()
    Jeton.objects.create(
        organisme_id=bailleur.pk, usage="essai", portee=portee, empreinte=empreinte, debut=secret[:12], **options
    )
    return {"Authorization": f"Jeton {secret}"}


def orienter(liberation: Liberation, entetes: dict[str, str], **demande: str) -> Any:
    return Client().post(
        f"/api/v1/liberations/{liberation.pk}/orienter/",
        json.dumps(demande),
        content_type="application/json",
        headers=entetes,
    )


@pytest.mark.regle("RG-41")
def test_un_jeton_d_ecriture_oriente(liberation: Liberation) -> None:
    reponse = orienter(liberation, jeton(liberation.bailleur))
    assert (reponse.status_code, reponse.json()["rang"]) == (201, 1)
    assert Orientation.objects.count() == 1


def test_la_meme_cle_rend_la_meme_reponse_sans_rien_refaire(liberation: Liberation) -> None:
    entetes = jeton(liberation.bailleur) | {"Idempotency-Key": "demande-1"}
    premiere, seconde = orienter(liberation, entetes), orienter(liberation, entetes)
    assert (premiere.status_code, seconde.status_code) == (201, 201)
    assert premiere.json() == seconde.json()
    assert seconde.headers["Idempotency-Replayed"] == "true"
    assert Orientation.objects.count() == 1


def test_la_meme_cle_pour_une_autre_demande_est_refusee(liberation: Liberation) -> None:
    entetes = jeton(liberation.bailleur) | {"Idempotency-Key": "demande-1"}
    orienter(liberation, entetes)
    reponse = orienter(liberation, entetes, motif="autre")
    assert (reponse.status_code, reponse["Content-Type"]) == (409, "application/problem+json")


def test_sans_cle_la_seconde_demande_dit_le_conflit(liberation: Liberation) -> None:
    entetes = jeton(liberation.bailleur)
    orienter(liberation, entetes)
    assert orienter(liberation, entetes).status_code == 409


def test_un_jeton_de_lecture_n_ecrit_pas(liberation: Liberation) -> None:
    entetes = jeton(liberation.bailleur, Portee.LECTURE)
    assert orienter(liberation, entetes).status_code == 403
    assert Client().get("/api/v1/liberations/", headers=entetes).json()["results"][0]["numero"] == liberation.numero


@pytest.mark.parametrize("etat", ["revoque_le", "expire_le"])
def test_un_jeton_revoque_ou_expire_est_refuse(liberation: Liberation, etat: str) -> None:
    entetes = jeton(liberation.bailleur, **{etat: timezone.now() - timedelta(days=1)})
    reponse = Client().get("/api/v1/liberations/", headers=entetes)
    assert (reponse.status_code, reponse["Content-Type"]) == (401, "application/problem+json")


def test_la_liberation_d_un_autre_bailleur_est_introuvable(liberation: Liberation) -> None:
    assert orienter(liberation, jeton(creer_bailleur())).status_code == 404
