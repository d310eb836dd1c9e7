"""Le second facteur : obligatoire pour qui signe ou publie, vérifié à chaque connexion, secouru par des codes à usage unique."""

from __future__ import annotations

import re
from binascii import unhexlify

import pytest
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django.fixtures import Settings

from conventions.models import Bailleur
from flux_reservations.acces.models import Connexion, Utilisateur
from flux_reservations.commun.acteur import Role
from tests.fabriques import creer_bailleur, creer_utilisateur

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def exige(settings: Settings) -> None:
    """Comme en production."""
    settings.SECOND_FACTEUR = True


@pytest.fixture
def bailleur() -> Bailleur:
    """Un bailleur."""
    return creer_bailleur()


def connecter(personne: Utilisateur) -> Client:
    """Un navigateur où la personne a donné son mot de passe."""
    client = Client()
    client.force_login(personne)
    return client


def code(personne: Utilisateur, decalage: int = 0) -> str:
    """Le code que montrerait l'application de cette personne."""
    return f"{totp(unhexlify(TOTPDevice.objects.get(user=personne).key), drift=decalage):06d}"


def activer(client: Client, personne: Utilisateur) -> list[str]:
    """Active le second facteur et rend les codes de secours."""
    page = reverse("second_facteur_activer")
    assert client.get(page).status_code == 200
    reponse = client.post(page, {"code": code(personne)})
    return re.findall(r"<li><code>(\w+)</code></li>", reponse.content.decode())


def test_un_responsable_sans_second_facteur_est_mene_a_l_activer(bailleur: Bailleur) -> None:
    client = connecter(creer_utilisateur(bailleur, Role.RESPONSABLE))
    assert client.get(reverse("patrimoine")).headers["Location"] == reverse("second_facteur_activer")
    assert client.get("/api/v1/logements/").status_code == 403


def test_un_gestionnaire_travaille_sans(bailleur: Bailleur) -> None:
    assert connecter(creer_utilisateur(bailleur)).get(reverse("patrimoine")).status_code == 200


def test_active_il_ouvre_l_application_et_donne_dix_codes(bailleur: Bailleur) -> None:
    personne = creer_utilisateur(bailleur, Role.RESPONSABLE)
    client = connecter(personne)
    assert len(activer(client, personne)) == 10
    assert client.get(reverse("patrimoine")).status_code == 200


def test_un_code_faux_n_active_rien(bailleur: Bailleur) -> None:
    personne = creer_utilisateur(bailleur, Role.RESPONSABLE)
    client = connecter(personne)
    client.get(reverse("second_facteur_activer"))
    assert client.post(reverse("second_facteur_activer"), {"code": "000000"}).status_code == 422
    assert not TOTPDevice.objects.filter(confirmed=True).exists()


def test_a_la_connexion_suivante_le_mot_de_passe_ne_suffit_plus(bailleur: Bailleur) -> None:
    personne = creer_utilisateur(bailleur)
    activer(connecter(personne), personne)
    TOTPDevice.objects.update(last_t=-1, throttling_failure_count=0)
    client = connecter(personne)
    assert client.get(reverse("patrimoine")).headers["Location"] == reverse("second_facteur")
    assert client.post(reverse("second_facteur"), {"code": code(personne)}).status_code == 302
    assert client.get(reverse("patrimoine")).status_code == 200
    assert set(Connexion.objects.values_list("genre", flat=True)) == {"reussie", "second_facteur"}


def test_un_code_de_secours_ne_sert_qu_une_fois(bailleur: Bailleur) -> None:
    personne = creer_utilisateur(bailleur)
    secours = activer(connecter(personne), personne)[0]
    premier, second = connecter(personne), connecter(personne)
    assert premier.post(reverse("second_facteur"), {"code": secours}).status_code == 302
    assert second.post(reverse("second_facteur"), {"code": secours}).status_code == 422
    assert second.get(reverse("mon_compte")).headers["Location"] == reverse("second_facteur")


def test_on_ne_contourne_pas_le_second_facteur_en_en_activant_un_autre(bailleur: Bailleur) -> None:
    personne = creer_utilisateur(bailleur)
    activer(connecter(personne), personne)
    client = connecter(personne)
    assert client.get(reverse("second_facteur_activer")).headers["Location"] == reverse("second_facteur")
    assert client.post(reverse("second_facteur_retirer")).headers["Location"] == reverse("second_facteur")
    assert TOTPDevice.objects.filter(user=personne, confirmed=True).count() == 1
