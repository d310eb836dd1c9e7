"""Le fournisseur d'identité dit qui est la personne ; l'application garde la main sur ce qu'elle peut."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.core.exceptions import SuspiciousOperation
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django.fixtures import Settings

from flux_reservations.acces.models import IdentiteExterne, Utilisateur
from flux_reservations.acces.oidc import (
    DECONNEXION_A_DISTANCE,
    SERVICE,
    FournisseurBackend,
    adresse_de_sortie,
    deconnecter_a_distance,
)
from flux_reservations.acces.views.fournisseur import apprendre_une_deconnexion
from tests.fabriques import creer_bailleur, creer_utilisateur

pytestmark = pytest.mark.django_db


@pytest.fixture
def fournisseur(settings: Settings) -> FournisseurBackend:
    """Le service d'authentification, réglé."""
    for nom in ("AUTHORIZATION", "TOKEN", "USER", "JWKS"):
        setattr(settings, f"OIDC_OP_{nom}_ENDPOINT", f"https://fournisseur.example/{nom.lower()}")
    settings.OIDC_RP_CLIENT_ID = settings.OIDC_RP_CLIENT_SECRET = "essai"  # noqa: S105 : valeur d'essai
    settings.OIDC_EMETTEUR = "https://fournisseur.example"
    settings.OIDC_COURRIEL_SUR = False
    return FournisseurBackend()


@pytest.fixture
def personne() -> Utilisateur:
    """Une personne invitée."""
    return creer_utilisateur(creer_bailleur(), courriel="invitee@essai.example")


def trouver(fournisseur: FournisseurBackend, **attributs: object) -> list[Utilisateur]:
    """Les personnes que ces attributs désignent."""
    return list(fournisseur.filter_users_by_claims(attributs))


def test_un_courriel_verifie_designe_la_personne_invitee(
    fournisseur: FournisseurBackend, personne: Utilisateur
) -> None:
    assert trouver(fournisseur, sub="s1", email="Invitee@essai.example", email_verified=True) == [personne]


def test_un_courriel_non_verifie_ou_inconnu_ne_designe_personne(
    fournisseur: FournisseurBackend, personne: Utilisateur
) -> None:
    assert trouver(fournisseur, sub="s1", email=personne.courriel) == []
    assert trouver(fournisseur, sub="s1", email=personne.courriel, email_verified=False) == []
    assert trouver(fournisseur, sub="s1", email="autre@essai.example", email_verified=True) == []
    assert trouver(fournisseur, sub="s1") == []


def test_un_fournisseur_qui_garantit_le_courriel_sans_le_dire_est_cru(
    fournisseur: FournisseurBackend, personne: Utilisateur, settings: Settings
) -> None:
    settings.OIDC_COURRIEL_SUR = True
    assert trouver(fournisseur, sub="s1", email=personne.courriel) == [personne]
    assert trouver(fournisseur, sub="s1", email=personne.courriel, email_verified=False) == []


def test_une_fois_liee_la_personne_est_reconnue_par_son_sujet_meme_si_son_courriel_change(
    fournisseur: FournisseurBackend, personne: Utilisateur
) -> None:
    fournisseur.update_user(personne, {"sub": "s1"})
    fournisseur.update_user(personne, {"sub": "s1"})
    assert IdentiteExterne.objects.count() == 1
    assert trouver(fournisseur, sub="s1", email="nouveau@essai.example", email_verified=True) == [personne]


def test_le_sujet_d_un_autre_emetteur_ne_vaut_rien(
    fournisseur: FournisseurBackend, personne: Utilisateur, settings: Settings
) -> None:
    fournisseur.update_user(personne, {"sub": "s1"})
    settings.OIDC_EMETTEUR = "https://autre.example"
    assert trouver(fournisseur, sub="s1") == []


CLE, AUTRE_CLE = (rsa.generate_private_key(65537, 2048) for _ in range(2))
DECONNEXION = {
    "iss": "https://fournisseur.example",
    "aud": "essai",
    "sub": "s1",
    "jti": "1",
    "events": {DECONNEXION_A_DISTANCE: {}},
}


@pytest.fixture
def signee(fournisseur: FournisseurBackend, personne: Utilisateur, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Le navigateur d'une personne liée au fournisseur, dont la clé est connue."""
    cache.clear()
    monkeypatch.setattr(FournisseurBackend, "retrieve_matching_jwk", lambda *_: CLE.public_key())
    fournisseur.update_user(personne, {"sub": "s1"})
    client = Client()
    client.force_login(personne)
    return client


def signer(cle: rsa.RSAPrivateKey = CLE, **changes: Any) -> str:
    """Un jeton de déconnexion ; `None` retire un attribut."""
    attributs = DECONNEXION | {"iat": int(time.time()), "exp": int(time.time()) + 60} | changes
    return jwt.encode({nom: un for nom, un in attributs.items() if un is not None}, cle, algorithm="RS256")


def est_dedans(client: Client) -> bool:
    """Vrai si la session est ouverte."""
    return client.get(reverse("mon_compte")).status_code == 200


def test_le_fournisseur_ferme_les_sessions_de_la_personne_qu_il_nomme_et_d_elle_seule(signee: Client) -> None:
    voisine = Client()
    voisine.force_login(creer_utilisateur(creer_bailleur("Autre")))
    assert deconnecter_a_distance(signer()) == 1
    assert not est_dedans(signee)
    assert est_dedans(voisine)
    assert deconnecter_a_distance(signer(jti="2", sub="inconnue")) == 0


@pytest.mark.parametrize(
    "faux",
    [
        {"cle": AUTRE_CLE},
        {"iss": "https://autre.example"},
        {"aud": "autre"},
        {"aud": ["autre"]},
        {"sub": None},
        {"jti": None},
        {"events": None},
        {"events": {"autre": {}}},
        {"nonce": "n"},
        {"exp": 1},
    ],
    ids=str,
)
def test_un_faux_jeton_de_deconnexion_ne_ferme_rien(signee: Client, faux: dict[str, Any]) -> None:
    reponse = apprendre_une_deconnexion(RequestFactory().post("/", {"logout_token": signer(**faux)}))
    assert reponse.status_code == 400
    assert "invalid_request" in reponse.content.decode()
    assert est_dedans(signee)


@pytest.mark.parametrize("jeton", ["", "n'importe quoi", "a.b.c"])
def test_un_jeton_illisible_est_un_refus_et_pas_une_panne(signee: Client, jeton: str) -> None:
    assert apprendre_une_deconnexion(RequestFactory().post("/", {"logout_token": jeton})).status_code == 400
    assert apprendre_une_deconnexion(RequestFactory().get("/")).status_code == 405
    assert est_dedans(signee)


def test_un_jeton_de_deconnexion_ne_sert_qu_une_fois(signee: Client, personne: Utilisateur) -> None:
    assert apprendre_une_deconnexion(RequestFactory().post("/", {"logout_token": signer()})).status_code == 200
    signee.force_login(personne)
    with pytest.raises(SuspiciousOperation, match="déjà servi"):
        deconnecter_a_distance(signer())
    assert est_dedans(signee)


@pytest.mark.parametrize("attributs", [{"iss": "https://autre.example"}, {"aud": "autre"}, {"exp": 1}])
@pytest.mark.usefixtures("signee")
def test_un_jeton_d_identite_d_un_autre_ou_expire_n_ouvre_rien(
    fournisseur: FournisseurBackend, attributs: dict[str, Any]
) -> None:
    assert fournisseur.verify_token(signer(nonce="n"), nonce="n")["sub"] == "s1"
    with pytest.raises(SuspiciousOperation):
        fournisseur.verify_token(signer(nonce="n", **attributs), nonce="n")


def sortir(session: dict[str, str], retour: str = "https://ici.example/") -> str:
    """L'adresse de sortie d'une session."""
    requete = RequestFactory().post("/")
    requete.session = session  # type: ignore[assignment]  # ce qu'on en lit
    return adresse_de_sortie(requete, retour=retour)


def test_la_sortie_nomme_la_personne_et_le_retour_seulement_si_le_fournisseur_l_annonce(settings: Settings) -> None:
    ouverte = {"_auth_user_backend": SERVICE, "oidc_id_token": "a.b.c"}
    settings.OIDC_ACTIF, settings.OIDC_RP_CLIENT_ID, settings.OIDC_OP_END_SESSION_ENDPOINT = True, "essai", ""
    assert sortir(ouverte) == ""
    settings.OIDC_OP_END_SESSION_ENDPOINT = "https://fournisseur.example/fin"
    assert sortir(ouverte).startswith(
        "https://fournisseur.example/fin?client_id=essai&post_logout_redirect_uri=https%3A%2F%2Fici.example%2F&state="
    )
    assert sortir(ouverte).endswith("&id_token_hint=a.b.c")
    assert "id_token_hint" not in sortir({"_auth_user_backend": SERVICE})
    assert sortir({"_auth_user_backend": "django.contrib.auth.backends.ModelBackend"}) == ""
    settings.OIDC_OP_END_SESSION_ENDPOINT = "https://fournisseur.example/fin?p=1"
    assert "fin?p=1&client_id" in sortir(ouverte)
