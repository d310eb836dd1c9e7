"""La connexion par un vrai fournisseur d'identité (`oidc-provider`), l'application sous gunicorn, Chromium entre les deux."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest
from django.db import connection
from django.urls import reverse

from flux_reservations.acces.models import Connexion, IdentiteExterne, SessionOuverte, Utilisateur
from flux_reservations.commun.acteur import Role
from tests.acces.monde import Monde
from tests.fabriques import creer_utilisateur

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django import DjangoDbBlocker

SCRIPT = Path(__file__).parent / "fournisseur" / "fournisseur.mjs"
RETOUR = "/fournisseur/retour/"
CLIENT, SECRET = "flux-reservations", "secret d'essai"
INVITEE, DISTRAITE, PRESSEE = (f"{nom}@essai.example" for nom in ("invitee", "distraite", "pressee"))
COMPTES = {
    "invitee": {"email": INVITEE.title(), "email_verified": True},
    "pressee": {"email": PRESSEE, "email_verified": True},
    "distraite": {"email": DISTRAITE, "email_verified": False},
    "inconnue": {"email": "inconnue@essai.example", "email_verified": True},
}


@contextmanager
def _processus(*commande: str | Path, **reglages: Any) -> Iterator[subprocess.Popen[str]]:
    """Un processus, arrêté à la fin quoi qu'il arrive ; le fournisseur s'arrête aussi de lui-même quand son entrée se ferme."""
    with subprocess.Popen(commande, stdin=subprocess.PIPE, text=True, **reglages) as processus:
        try:
            yield processus
        finally:
            processus.terminate()


@pytest.fixture(scope="module")
def prise() -> Iterator[socket.socket]:
    """La prise de l'application, sur un port libre que personne ne peut plus prendre : gunicorn en hérite."""
    with socket.create_server(("127.0.0.1", 0)) as prise:
        yield prise


@pytest.fixture(scope="module")
def application(prise: socket.socket) -> str:
    """L'adresse de l'application."""
    return f"http://127.0.0.1:{prise.getsockname()[1]}"


@pytest.fixture(scope="module")
def fournisseur(application: str) -> Iterator[str]:
    """Le fournisseur, lancé ; rend son adresse, qui est aussi son nom d'émetteur."""
    reglages = {"application": application, "client": CLIENT, "secret": SECRET, "comptes": COMPTES}
    with _processus("node", SCRIPT, json.dumps(reglages), stdout=subprocess.PIPE) as lance:
        assert lance.stdout is not None
        emetteur = lance.stdout.readline().strip()
        assert emetteur.startswith("http://127.0.0.1:"), "le fournisseur n'a pas démarré : sh outils/oidc.sh"
        yield emetteur


@pytest.fixture(scope="module")
def personnes(monde: Monde, django_db_blocker: DjangoDbBlocker) -> dict[str, Utilisateur]:
    """Trois personnes invitées, par leur courriel."""
    with django_db_blocker.unblock():
        return {
            courriel: creer_utilisateur(monde.bailleur_a, Role.LECTEUR, courriel)
            for courriel in (INVITEE, DISTRAITE, PRESSEE)
        }


@pytest.fixture(scope="module", autouse=True)
def _servir(prise: socket.socket, fournisseur: str, personnes: dict[str, Utilisateur]) -> Iterator[None]:
    """L'application telle qu'on la déploie, réglée par ses seules variables d'environnement, sur la base d'essai."""
    del personnes
    with urlopen(f"{fournisseur}/.well-known/openid-configuration") as reponse:  # noqa: S310 : notre fournisseur
        decouverte = json.load(reponse)
    base = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environnement = os.environ | {
        "DJANGO_SETTINGS_MODULE": "flux_reservations.settings.test",
        "DATABASE_URL": base,
        "OIDC_RP_CLIENT_ID": CLIENT,
        "OIDC_RP_CLIENT_SECRET": SECRET,
        "OIDC_EMETTEUR": decouverte["issuer"],
        "OIDC_OP_AUTHORIZATION_ENDPOINT": decouverte["authorization_endpoint"],
        "OIDC_OP_TOKEN_ENDPOINT": decouverte["token_endpoint"],
        "OIDC_OP_USER_ENDPOINT": decouverte["userinfo_endpoint"],
        "OIDC_OP_JWKS_ENDPOINT": decouverte["jwks_uri"],
        "OIDC_OP_END_SESSION_ENDPOINT": decouverte["end_session_endpoint"],
        "OIDC_NOM": "mon fournisseur",
    }
    gunicorn = Path(sys.executable).with_name("gunicorn")
    options = ["--bind", f"fd://{prise.fileno()}", "--threads", "4", "--no-control-socket", "flux_reservations.wsgi"]
    with _processus(gunicorn, *options, env=environnement, pass_fds=[prise.fileno()]):
        yield


def _aller_chez_le_fournisseur(page: Page, application: str) -> None:
    """Comme une personne : la page de connexion, puis le bouton du fournisseur."""
    page.goto(application + reverse("connexion"))
    page.get_by_role("link", name="Se connecter avec mon fournisseur").click()


def _se_connecter(page: Page, application: str, compte: str) -> None:
    _aller_chez_le_fournisseur(page, application)
    page.get_by_role("link", name=compte, exact=True).click()
    page.wait_for_url(f"{application}/**")


def _se_deconnecter(page: Page, application: str, fournisseur: str) -> None:
    """Comme une personne : le bouton de l'application, puis la confirmation que demande le fournisseur."""
    page.get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url(f"{fournisseur}/session/end**")
    page.get_by_role("button", name="Yes, sign me out").click()
    page.wait_for_url(lambda adresse: adresse.startswith(application))
    assert urlsplit(page.url).path == reverse("accueil")


def _est_dedans(page: Page, application: str) -> bool:
    page.goto(application + reverse("mon_compte"))
    return urlsplit(page.url).path == reverse("mon_compte")


def _retour_sans_y_aller(page: Page, compte: str) -> str:
    """L'adresse de retour, code compris, que le fournisseur donne à ce compte : suivie pas à pas, jamais ouverte."""
    adresse = page.url + f"?choisi={compte}"
    while RETOUR not in adresse:
        adresse = page.context.request.get(adresse, max_redirects=0).headers["location"]
    return adresse


def test_une_personne_invitee_est_connectee_liee_reconnue_puis_deconnectee(
    page: Page, browser: Browser, application: str, fournisseur: str, personnes: dict[str, Utilisateur]
) -> None:
    _se_connecter(page, application, "invitee")
    assert _est_dedans(page, application)
    assert INVITEE in page.content()
    identite = IdentiteExterne.objects.get(utilisateur=personnes[INVITEE])
    assert (identite.emetteur, identite.sujet) == (fournisseur, "invitee")
    assert Connexion.objects.filter(utilisateur=personnes[INVITEE]).exists()

    # Tant qu'elle n'est pas déconnectée de lui, le fournisseur ne redemande rien.
    page.context.clear_cookies(name="sessionid")
    assert not _est_dedans(page, application)
    _aller_chez_le_fournisseur(page, application)
    page.wait_for_url(f"{application}/**")
    assert _est_dedans(page, application)

    _se_deconnecter(page, application, fournisseur)
    assert not _est_dedans(page, application)
    assert Connexion.objects.filter(utilisateur=personnes[INVITEE], genre="deconnexion").exists()
    _aller_chez_le_fournisseur(page, application)
    assert page.get_by_role("link", name="invitee", exact=True).is_visible(), "le fournisseur l'a oubliée aussi"

    with browser.new_context() as ailleurs:
        autre = ailleurs.new_page()
        _se_connecter(autre, application, "invitee")
        assert _est_dedans(autre, application)
    assert IdentiteExterne.objects.get(utilisateur=personnes[INVITEE]) == identite


@pytest.mark.parametrize("compte", ["inconnue", "distraite"])
def test_une_inconnue_et_un_courriel_non_verifie_sont_refuses_avec_le_remede(
    page: Page, application: str, compte: str
) -> None:
    _se_connecter(page, application, compte)
    assert urlsplit(page.url).path == reverse("connexion")
    assert page.get_by_text(re.compile("demandez une invitation")).is_visible()
    assert not _est_dedans(page, application)
    assert not IdentiteExterne.objects.filter(sujet=compte).exists()
    assert not Utilisateur.objects.filter(courriel="inconnue@essai.example").exists()


def test_un_etat_faux_ou_le_retour_d_un_autre_navigateur_n_ouvrent_rien(
    page: Page, browser: Browser, application: str
) -> None:
    _aller_chez_le_fournisseur(page, application)
    retour = urlsplit(_retour_sans_y_aller(page, "pressee"))
    recus = {nom: valeurs[0] for nom, valeurs in parse_qs(retour.query).items()}
    assert recus["code"]

    faux = page.goto(retour._replace(query=urlencode(recus | {"state": "faux"})).geturl())
    assert faux is not None
    assert faux.status == 400
    assert not _est_dedans(page, application)

    with browser.new_context() as vole:
        victime = vole.new_page()
        victime.goto(retour.geturl())
        assert not _est_dedans(victime, application)
    assert not IdentiteExterne.objects.filter(sujet="pressee").exists()

    # Le même retour, vrai, dans son navigateur : accepté une fois, pas deux.
    page.goto(retour.geturl())
    assert _est_dedans(page, application)
    rejoue = page.goto(retour.geturl())
    assert rejoue is not None
    assert rejoue.status == 400


def test_se_deconnecter_chez_le_fournisseur_ferme_partout_les_sessions_d_ici(
    page: Page, browser: Browser, application: str, fournisseur: str, personnes: dict[str, Utilisateur]
) -> None:
    with browser.new_context() as ailleurs:
        autre = ailleurs.new_page()
        for une in (page, autre):
            _se_connecter(une, application, "invitee")
            assert _est_dedans(une, application)
        ouvertes = SessionOuverte.objects.filter(utilisateur=personnes[INVITEE])
        revocations = Connexion.objects.filter(utilisateur=personnes[INVITEE], genre="revocation")
        a_fermer, deja = ouvertes.count(), revocations.count()
        assert a_fermer >= 2, "les deux navigateurs, et ce que d'autres essais ont laissé ouvert"
        page.goto(f"{fournisseur}/session/end")
        page.get_by_role("button", name="Yes, sign me out").click()
        page.wait_for_url(f"{fournisseur}/session/end/success**")
        assert not _est_dedans(page, application)
        assert not _est_dedans(autre, application)
    assert (ouvertes.count(), revocations.count()) == (0, deja + a_fermer)


def test_une_session_ouverte_par_mot_de_passe_se_ferme_ici_sans_aller_chez_le_fournisseur(
    page: Page, application: str, personnes: dict[str, Utilisateur]
) -> None:
    page.goto(application + reverse("connexion"))
    page.get_by_label("Courriel professionnel").fill(personnes[DISTRAITE].courriel)
    page.get_by_label("Mot de passe", exact=True).fill("mot de passe d'essai")
    page.get_by_role("button", name="Se connecter").click()
    assert _est_dedans(page, application)
    page.get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url(application + reverse("accueil"))
    assert not _est_dedans(page, application)
