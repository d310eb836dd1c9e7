"""Les jetons d'API : le secret n'est montré qu'une fois, la portée borne, la révocation est immédiate."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from flux_reservations.acces.models import Jeton
from flux_reservations.commun.acteur import Role
from tests.fabriques import creer_bailleur, creer_utilisateur

pytestmark = pytest.mark.django_db


@pytest.fixture
def responsable() -> Client:
    """Le navigateur d'un responsable de bailleur."""
    client = Client()
    client.force_login(creer_utilisateur(creer_bailleur(), Role.RESPONSABLE))
    return client


def creer(client: Client) -> str:
    """Crée un jeton à l'écran et rend le secret montré."""
    page = client.post(reverse("creer_jeton"), {"usage": "progiciel", "portee": "lecture"}).content.decode()
    trouve = re.search(r"<code>(flux_[\w-]+)</code>", page)
    assert trouve is not None
    return trouve.group(1)


def test_un_jeton_cree_ouvre_l_api_et_ne_se_lit_plus(responsable: Client) -> None:
    secret = creer(responsable)
    assert Client().get("/api/v1/logements/", headers={"Authorization": f"Jeton {secret}"}).status_code == 200
    assert secret not in responsable.get(reverse("jetons")).content.decode()
    assert secret not in str(Jeton.objects.values().get())


def test_un_jeton_revoque_est_refuse_aussitot(responsable: Client) -> None:
    secret = creer(responsable)
    acte = reverse("revoquer_jeton", args=[Jeton.objects.get().pk])
    assert responsable.post(acte).status_code == 302
    assert Client().get("/api/v1/logements/", headers={"Authorization": f"Jeton {secret}"}).status_code == 401
    assert responsable.post(acte).status_code == 409


def test_une_echeance_passee_est_refusee(responsable: Client) -> None:
    donnees = {"usage": "progiciel", "portee": "lecture", "expire_le": "2020-01-01"}
    assert responsable.post(reverse("creer_jeton"), donnees).status_code == 422
    assert not Jeton.objects.exists()
