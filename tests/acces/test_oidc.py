"""Le fournisseur d'identité dit qui est la personne ; l'application garde la main sur ce qu'elle peut."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from flux_reservations.acces.models import IdentiteExterne, Utilisateur
from flux_reservations.acces.oidc import FournisseurBackend
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
