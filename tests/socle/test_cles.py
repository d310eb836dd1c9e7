"""Un numéro tordu dans une adresse ou un formulaire ne fait jamais d'erreur 500."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from flux_reservations.acces.models import Organisme, Utilisateur
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.cles import lire_entier
from tests.fabriques import acteur_de, creer_bailleur

TORDUS = ["", "²", "٣", "-1", "1e3", "1 ", "9" * 19, "9" * 5000]


@pytest.mark.parametrize("texte", TORDUS)
def test_ce_qui_n_est_pas_un_numero_n_est_rien(texte: str) -> None:
    assert lire_entier(texte) is None


def test_un_numero_se_lit_jusqu_a_dix_huit_chiffres() -> None:
    assert (lire_entier("0"), lire_entier("007"), lire_entier("9" * 18)) == (0, 7, 10**18 - 1)


@pytest.mark.django_db
@pytest.mark.parametrize("texte", TORDUS[1:])
def test_une_demande_au_numero_tordu_est_introuvable(texte: str) -> None:
    administration = Organisme.objects.create(nature="plateforme", nom="Administration", courriel="a@essai.example")
    client = connecter(administration, Role.ADMINISTRATEUR)
    assert client.get(reverse("inscrire_reservataire"), {"demande": texte}).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("texte", TORDUS[1:])
def test_les_pages_d_un_bailleur_lisent_un_numero_tordu_sans_tomber(texte: str) -> None:
    client = connecter(creer_bailleur(), Role.RESPONSABLE)
    for nom, parametre in (
        ("ecrire_gabarit", "de"),
        ("inviter", "organisme"),
        ("flux", "annee"),
        ("liberations", "secteur"),
    ):
        assert client.get(reverse(nom), {parametre: texte}).status_code in {200, 404}, nom


def connecter(organisme: Organisme, role: Role) -> Client:
    client = Client()
    client.force_login(Utilisateur.objects.get(pk=acteur_de(organisme, role).utilisateur_id))
    return client
