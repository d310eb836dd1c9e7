"""Pages ouvertes à tous, et ce que l'application répond quand elle refuse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from flux_reservations.acces.middleware import RefusMetierMiddleware
from flux_reservations.acces.navigation import arrivee, naviguer
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier, Introuvable

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import Settings

pytestmark = pytest.mark.django_db


@pytest.mark.regle("RG-33")
def test_l_exemple_de_l_accueil_est_celui_des_regles(client: Client) -> None:
    """C = 650 : 163 et 32 à l'État (25 % et 5 %), 130, 130, 21 (3,30 %), 174 au bailleur."""
    page = client.get(reverse("accueil")).content.decode()
    parts = re.findall(r'<td class="nombre">(\d+)</td>\s*<td>', page)
    assert parts[:6] == ["163", "32", "130", "130", "21", "174"]


@pytest.mark.regle("RG-38")
def test_les_regles_se_lisent_a_une_date(client: Client) -> None:
    page = client.get(reverse("regles_au", args=["2026-03-01"])).content.decode()
    assert "1er\u00a0mars\u00a02026" in page
    assert 'id="RG-30"' in page


@pytest.mark.regle("RG-38")
def test_la_date_saisie_passe_dans_l_adresse(client: Client) -> None:
    assert client.get(reverse("regles"), {"jour": "2024-01-01"})["Location"] == reverse(
        "regles_au", args=["2024-01-01"]
    )
    assert client.get(reverse("regles"), {"jour": "hier"})["Location"] == reverse("regles")


def test_une_date_impossible_est_introuvable(client: Client) -> None:
    assert client.get("/regles/2026-02-30/").status_code == 404


def test_la_page_des_composants_n_existe_qu_en_demonstration(client: Client, settings: Settings) -> None:
    settings.DEMO = False
    assert client.get(reverse("composants")).status_code == 404
    settings.DEMO = True
    for nom in ("composants", "composants_detail", "composants_confirmation"):
        assert client.get(reverse(nom)).status_code == 200
    assert "50 sur 100" in client.get(reverse("composants_progression", args=[25])).content.decode()


def test_une_page_inconnue_dit_quoi_faire(client: Client) -> None:
    reponse = client.get("/nulle-part/")
    assert reponse.status_code == 404
    assert "Revenir à l'accueil" in reponse.content.decode()


def refuser(erreur: Exception, **entetes: str) -> HttpResponse | None:
    """Ce que le middleware répond à une vue qui lève `erreur`."""
    requete: HttpRequest = RequestFactory().post("/", headers=entetes)
    requete.htmx = "HX-Request" in entetes  # type: ignore[attr-defined]  # posé par HtmxMiddleware
    requete._messages = []  # type: ignore[attr-defined]  # boîte de messages minimale
    return RefusMetierMiddleware(lambda _: HttpResponse()).process_exception(requete, erreur)


def test_une_ligne_d_autrui_est_introuvable_et_un_role_insuffisant_refuse() -> None:
    with pytest.raises(Http404):
        refuser(Introuvable())
    with pytest.raises(PermissionDenied, match="rôle"):
        refuser(AccesRefuse())


def test_un_refus_metier_se_lit_avec_sa_regle() -> None:
    reponse = refuser(ErreurMetier("plafond", "Le plafond est dépassé.", regle="RG-14"))
    assert reponse is not None
    assert reponse.status_code == 400
    assert "Le plafond est dépassé." in reponse.content.decode()
    assert "#RG-14" in reponse.content.decode()


def test_une_erreur_de_programme_n_est_pas_cachee() -> None:
    assert refuser(ValueError("programme")) is None


@pytest.mark.parametrize("nature", [Nature.BAILLEUR, Nature.RESERVATAIRE, Nature.ETAT, Nature.COLLECTIVITE])
def test_la_navigation_ne_montre_que_ce_que_le_role_permet(nature: Nature) -> None:
    def liens(role: Role) -> set[str]:
        return {lien.libelle for groupe in naviguer(Acteur(nature, role), "") for lien in groupe.entrees}

    assert liens(Role.LECTEUR) <= liens(Role.GESTIONNAIRE) <= liens(Role.RESPONSABLE)
    assert "Imports" not in liens(Role.LECTEUR)


def test_un_anonyme_n_a_pas_de_navigation() -> None:
    assert naviguer(Acteur.anonyme(), "") == []
    assert arrivee(Acteur.anonyme()) == reverse("accueil")
