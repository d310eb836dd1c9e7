"""Le fournisseur d'identité dit qui est la personne ; l'application garde la main sur ce qu'elle peut."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
import requests
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.cache import cache
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django.fixtures import Settings

from flux_reservations.acces.deconnexion_a_distance import (
    DECONNEXION_A_DISTANCE,
    FRAICHEUR,
    REFUS_AU_PLUS,
    deconnecter_a_distance,
)
from flux_reservations.acces.models import IdentiteExterne, Utilisateur
from flux_reservations.acces.oidc import SERVICE, FournisseurBackend, adresse_de_sortie
from flux_reservations.acces.views.fournisseur import apprendre_une_deconnexion, recevoir
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


def annoncer(cle: rsa.RSAPrivateKey, nom: str = "k1") -> dict[str, Any]:
    """Une clé comme le fournisseur l'annonce."""
    return jwt.algorithms.RSAAlgorithm.to_jwk(cle.public_key(), as_dict=True) | {"kid": nom}


@pytest.fixture
def signee(fournisseur: FournisseurBackend, personne: Utilisateur, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Le navigateur d'une personne liée au fournisseur, qui rend ses clés."""
    cache.clear()
    monkeypatch.setattr(FournisseurBackend, "_telecharger_les_cles", lambda *_: [annoncer(CLE)])
    fournisseur.update_user(personne, {"sub": "s1"})
    client = Client()
    client.force_login(personne)
    return client


def signer(cle: rsa.RSAPrivateKey = CLE, nom: str = "k1", **changes: Any) -> str:
    """Un jeton de déconnexion ; `None` retire un attribut."""
    attributs = DECONNEXION | {"iat": int(time.time()), "exp": int(time.time()) + 60} | changes
    gardes = {attribut: un for attribut, un in attributs.items() if un is not None}
    return jwt.encode(gardes, cle, algorithm="RS256", headers={"kid": nom})


def apprendre(jeton: str, adresse: str = "192.0.2.1") -> HttpResponse:
    """Ce que rend l'adresse de déconnexion."""
    return apprendre_une_deconnexion(RequestFactory().post("/", {"logout_token": jeton}, REMOTE_ADDR=adresse))


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
        {"events": 1},
        {"jti": 1},
        {"exp": 1},
        {"exp": None},
        {"exp": time.time() + 48 * 3600},
        {"iat": None},
        {"iat": time.time() - FRAICHEUR - 1},
        {"nom": "inconnue"},
        {"nom": ""},
    ],
    ids=", ".join,
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


class TestFournisseurMenage:
    """L'adresse est ouverte à tous : elle ne doit ni le harceler, ni retenir un fil, ni perdre une déconnexion."""

    def test_ses_cles_se_lisent_une_fois_et_jamais_pour_un_jeton_quelconque(
        self, signee: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lectures: list[int] = []
        monkeypatch.setattr(
            FournisseurBackend, "_telecharger_les_cles", lambda *_: lectures.append(1) or [annoncer(CLE)]
        )
        for faux in ("", "a.b.c", "x" * 20_000, signer(iss="https://autre.example"), signer(exp=None), signer(nom="")):
            assert apprendre(faux).status_code == 400
        assert lectures == []
        for rang in "123":
            assert apprendre(signer(jti=rang)).status_code == 200
        assert len(lectures) == 1
        for _ in range(3):
            assert apprendre(signer(nom="inconnue")).status_code == 400
        assert len(lectures) == 2
        assert est_dedans(signee) is False

    def test_une_cle_neuve_se_decouvre_sans_attendre(
        self, signee: Client, personne: Utilisateur, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert apprendre(signer()).status_code == 200
        monkeypatch.setattr(FournisseurBackend, "_telecharger_les_cles", lambda *_: [annoncer(AUTRE_CLE, "k2")])
        signee.force_login(personne)
        assert apprendre(signer(AUTRE_CLE, "k2", jti="2")).status_code == 200
        assert not est_dedans(signee)

    @pytest.mark.parametrize("panne", [requests.HTTPError("503"), requests.Timeout("10 s"), KeyError("keys")], ids=repr)
    def test_muet_il_n_est_pas_rappele_aussitot_et_la_reponse_dit_de_reessayer(
        self, signee: Client, monkeypatch: pytest.MonkeyPatch, panne: Exception
    ) -> None:
        appels: list[int] = []

        def tomber(_: FournisseurBackend) -> list[dict[str, Any]]:
            appels.append(1)
            raise panne

        monkeypatch.setattr(FournisseurBackend, "_telecharger_les_cles", tomber)
        reponses = [apprendre(signer()) for _ in range(3)]
        assert [(une.status_code, une["Retry-After"]) for une in reponses] == [(503, "15")] * 3
        assert (len(appels), est_dedans(signee)) == (1, True)

    def test_muet_les_cles_gardees_servent_encore(
        self, signee: Client, personne: Utilisateur, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert apprendre(signer()).status_code == 200
        cache.delete("oidc:cles:fraiches")
        monkeypatch.setattr(
            FournisseurBackend, "_telecharger_les_cles", lambda *_: (_ for _ in ()).throw(requests.Timeout())
        )
        signee.force_login(personne)
        assert apprendre(signer(jti="2")).status_code == 200
        assert not est_dedans(signee)

    def test_trop_de_refus_arretent_une_adresse_et_elle_seule(self, signee: Client) -> None:
        assert {apprendre("faux").status_code for _ in range(REFUS_AU_PLUS)} == {400}
        arretee = apprendre(signer())
        assert (arretee.status_code, arretee["Retry-After"], est_dedans(signee)) == (429, "60", True)
        assert apprendre(signer(), "192.0.2.2").status_code == 200

    def test_si_la_base_echoue_le_meme_jeton_sert_encore(self, signee: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        jeton = signer()

        def echouer(_: int) -> int:
            raise OperationalError("base arrêtée")

        with monkeypatch.context() as rustine:
            rustine.setattr("flux_reservations.acces.deconnexion_a_distance.revoquer_sessions", echouer)
            with pytest.raises(OperationalError):
                apprendre(jeton)
        assert est_dedans(signee)
        assert apprendre(jeton).status_code == 200
        assert not est_dedans(signee)

    def test_le_numero_du_jeton_se_garde_jusqu_a_sa_fin(self, signee: Client, personne: Utilisateur) -> None:
        jeton = signer(exp=int(time.time()) + 7200)
        assert apprendre(jeton).status_code == 200
        signee.force_login(personne)
        with time_machine.travel(time.time() + FRAICHEUR - 5):
            assert b"servi" in apprendre(jeton).content
        with time_machine.travel(time.time() + FRAICHEUR + 5):
            assert b"trop vieux" in apprendre(jeton).content

    def test_au_retour_du_fournisseur_une_panne_se_dit_a_la_connexion(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def tomber(*_: Any, **__: Any) -> None:
            raise requests.ConnectionError("injoignable")

        monkeypatch.setattr("django.contrib.auth.authenticate", tomber)
        client = Client()
        session = client.session
        session["oidc_states"] = {"e": {"nonce": "n", "code_verifier": None}}
        session.save()
        requete = RequestFactory().get("/", {"state": "e", "code": "c"})
        requete.session = session
        monkeypatch.setattr(requete, "_messages", FallbackStorage(requete), raising=False)
        reponse = recevoir(requete)
        assert (reponse.status_code, reponse["Location"]) == (302, "/connexion/")
        assert "ne répond pas" in str(next(iter(requete._messages)))


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
