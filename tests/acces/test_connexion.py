"""Connexion, organisme actif, apparence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone

from flux_reservations.acces.models import Organisme, Rattachement, Utilisateur
from flux_reservations.commun.acteur import Role
from tests.fabriques import creer_bailleur, creer_etat, creer_reservataire, creer_utilisateur

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import Settings

pytestmark = pytest.mark.django_db
MOT_DE_PASSE = "mot de passe d'essai"


def se_connecter(client: Client, utilisateur: Utilisateur, mot_de_passe: str = MOT_DE_PASSE) -> str:
    """Poste le formulaire de connexion et rend l'adresse d'arrivée, vide si la connexion est refusée."""
    reponse = client.post(reverse("connexion"), {"username": utilisateur.courriel.upper(), "password": mot_de_passe})
    return str(reponse.headers.get("Location", ""))


def test_le_courriel_se_saisit_dans_n_importe_quelle_casse(client: Client) -> None:
    assert se_connecter(client, creer_utilisateur(creer_bailleur()))


def test_un_mauvais_mot_de_passe_est_explique(client: Client) -> None:
    utilisateur = creer_utilisateur(creer_bailleur())
    reponse = client.post(reverse("connexion"), {"username": utilisateur.courriel, "password": "autre"})
    assert "ne vont pas ensemble" in reponse.content.decode()


@pytest.mark.parametrize("creer", [creer_bailleur, creer_reservataire, creer_etat])
def test_chacun_arrive_sur_une_page_a_lui(client: Client, creer: object) -> None:
    utilisateur = creer_utilisateur(creer())  # type: ignore[operator]  # fabriques paramétrées
    arrivee = se_connecter(client, utilisateur)
    assert client.get(arrivee).status_code == 200
    assert arrivee != reverse("accueil")


def test_une_personne_sans_organisme_sait_quoi_faire(client: Client) -> None:
    utilisateur = Utilisateur.objects.create_user("seule@essai.example", MOT_DE_PASSE)
    arrivee = se_connecter(client, utilisateur)
    assert "aucun organisme" in client.get(arrivee).content.decode()


def test_un_rattachement_clos_ne_donne_plus_rien(client: Client) -> None:
    utilisateur = creer_utilisateur(creer_bailleur())
    client.force_login(utilisateur)
    assert client.get(reverse("patrimoine")).status_code == 200
    Rattachement.objects.filter(utilisateur=utilisateur).update(clos_le=timezone.now())
    assert client.get(reverse("patrimoine")).status_code == 403


def test_on_agit_au_nom_de_l_organisme_choisi(client: Client) -> None:
    un, autre = creer_bailleur("Un"), creer_bailleur("Autre")
    utilisateur = creer_utilisateur(un)
    second = Rattachement.objects.create(utilisateur=utilisateur, organisme_id=autre.pk, role=Role.LECTEUR.value)
    client.force_login(utilisateur)
    client.post(reverse("choisir_organisme"), {"rattachement": second.pk})
    reponse = client.get(reverse("patrimoine"))
    assert reponse.wsgi_request.acteur.organisme_id == autre.pk  # type: ignore[attr-defined]  # posé par le middleware


def test_on_ne_choisit_pas_l_organisme_d_un_autre(client: Client) -> None:
    client.force_login(creer_utilisateur(creer_bailleur()))
    autrui = Rattachement.objects.get(utilisateur=creer_utilisateur(creer_bailleur()))
    assert client.post(reverse("choisir_organisme"), {"rattachement": autrui.pk}).status_code == 404


def test_la_connexion_en_un_clic_n_existe_qu_en_demonstration(client: Client, settings: Settings) -> None:
    rattachement = Rattachement.objects.get(utilisateur=creer_utilisateur(creer_bailleur()))
    adresse = reverse("connexion_demo", args=[rattachement.pk])
    settings.DEMO = False
    assert client.post(adresse).status_code == 404
    settings.DEMO = True
    assert client.post(adresse).status_code == 302
    assert client.get(reverse("patrimoine")).status_code == 200


def test_la_page_de_connexion_ne_liste_personne_hors_demonstration(client: Client, settings: Settings) -> None:
    creer_utilisateur(creer_bailleur("Bailleur secret"))
    settings.DEMO = False
    assert "Bailleur secret" not in client.get(reverse("connexion")).content.decode()


def test_l_apparence_est_retenue_et_ne_redirige_pas_ailleurs(client: Client) -> None:
    reponse = client.post(reverse("theme"), {"theme": "sombre", "suite": "https://ailleurs.example/"})
    assert reponse["Location"] == "/"
    assert 'data-theme="sombre"' in client.get(reverse("accueil")).content.decode()


def test_une_apparence_inconnue_revient_a_celle_du_systeme(client: Client) -> None:
    client.cookies["theme"] = '"><script>'
    assert "data-theme=" not in client.get(reverse("accueil")).content.decode()


def test_la_plateforme_ne_lit_pas_les_dossiers(client: Client) -> None:
    plateforme = Organisme.objects.create(nature="plateforme", nom="Plateforme")
    client.force_login(creer_utilisateur(plateforme, Role.ADMINISTRATEUR))
    assert client.get(reverse("patrimoine")).status_code == 403
    assert client.get(reverse("conventions")).status_code == 403


def test_la_politique_de_contenu_interdit_ce_qui_est_en_ligne(client: Client) -> None:
    politique = client.get(reverse("accueil"))["Content-Security-Policy"]
    assert "unsafe-inline" not in politique
    assert "unsafe-eval" not in politique
