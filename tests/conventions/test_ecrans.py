"""Écrans Patrimoine et Conventions : ce qu'on y voit, comment on le filtre, ce qui reste chez autrui."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from conventions.domaine.codes import EtatConvention, TypeReservataire
from conventions.models import Bailleur
from flux_reservations.commun.acteur import Role
from tests.fabriques import (
    VITRY,
    creer_bailleur,
    creer_convention,
    creer_logement,
    creer_reservataire,
    creer_utilisateur,
)

if TYPE_CHECKING:
    from django.http import StreamingHttpResponse
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db


@pytest.fixture
def bailleur(client: Client) -> Bailleur:
    """Un bailleur, dont un lecteur est connecté."""
    bailleur = creer_bailleur()
    client.force_login(creer_utilisateur(bailleur, Role.LECTEUR))
    return bailleur


def lire_csv(reponse: StreamingHttpResponse) -> list[list[str]]:
    """Les lignes d'un export CSV."""
    texte = reponse.getvalue().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(texte), delimiter=";"))


def test_le_patrimoine_ne_montre_que_celui_du_bailleur(client: Client, bailleur: Bailleur) -> None:
    creer_logement(bailleur, identifiant="A-1")
    creer_logement(creer_bailleur("Autre"), identifiant="B-1")
    page = client.get(reverse("patrimoine")).content.decode()
    assert "A-1" in page
    assert "B-1" not in page


def test_le_logement_d_un_autre_bailleur_est_introuvable(client: Client, bailleur: Bailleur) -> None:
    logement = creer_logement(creer_bailleur("Autre"))
    assert client.get(reverse("logement", args=[logement.pk])).status_code == 404


def test_le_patrimoine_est_ferme_a_un_reservataire(client: Client) -> None:
    client.force_login(creer_utilisateur(creer_reservataire()))
    assert client.get(reverse("patrimoine")).status_code == 403


def test_une_page_demande_de_se_connecter(client: Client) -> None:
    reponse = client.get(reverse("patrimoine"))
    assert reponse.status_code == 302
    assert reponse["Location"].startswith(reverse("connexion"))


@pytest.mark.regle("RG-06")
@pytest.mark.parametrize(
    ("filtre", "attendus"),
    [
        ("q=rue", {"RUE"}),
        (f"commune={VITRY}", {"VITRY"}),
        ("qpv=oui", {"QPV"}),
        ("champ=foyer", {"FOYER"}),
        ("champ=dans", {"RUE", "VITRY", "QPV"}),
        ("q=introuvable", set()),
    ],
)
def test_les_filtres_du_patrimoine(client: Client, bailleur: Bailleur, filtre: str, attendus: set[str]) -> None:
    creer_logement(bailleur, identifiant="RUE", adresse="3 rue Pasteur")
    creer_logement(bailleur, VITRY, identifiant="VITRY")
    creer_logement(bailleur, identifiant="QPV", qpv="QN09404M")
    creer_logement(bailleur, identifiant="FOYER", hors_champ="foyer")
    export = lire_csv(client.get(f"{reverse('patrimoine')}?{filtre}&export=csv"))
    assert {ligne[0] for ligne in export[1:]} == attendus


def test_le_tri_se_lit_dans_l_adresse(client: Client, bailleur: Bailleur) -> None:
    for identifiant in ("A", "C", "B"):
        creer_logement(bailleur, identifiant=identifiant)
    export = lire_csv(client.get(f"{reverse('patrimoine')}?tri=-identifiant&export=csv"))
    assert [ligne[0] for ligne in export[1:]] == ["C", "B", "A"]
    assert 'aria-sort="descending"' in client.get(f"{reverse('patrimoine')}?tri=-identifiant").content.decode()


def test_l_export_protege_des_formules(client: Client, bailleur: Bailleur) -> None:
    creer_logement(bailleur, adresse="=HYPERLINK(1)")
    assert lire_csv(client.get(f"{reverse('patrimoine')}?export=csv"))[1][1] == "'=HYPERLINK(1)"


def test_le_tableur_garde_les_nombres(client: Client, bailleur: Bailleur) -> None:
    creer_logement(bailleur, surface="61.50")
    reponse = client.get(f"{reverse('patrimoine')}?export=xlsx")
    feuille = load_workbook(io.BytesIO(reponse.getvalue())).active
    assert feuille is not None
    entetes = [cellule.value for cellule in feuille[1]]
    assert feuille[2][entetes.index("Surface (m²)")].value == 61.5


def test_le_nombre_de_requetes_ne_depend_pas_du_nombre_de_logements(
    client: Client, bailleur: Bailleur, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        creer_logement(bailleur)
    with django_assert_max_num_queries(60) as peu:
        client.get(reverse("patrimoine"))
    for _ in range(30):
        creer_logement(bailleur)
    with django_assert_max_num_queries(60) as beaucoup:
        client.get(reverse("patrimoine"))
    assert len(beaucoup) == len(peu)


def test_une_liste_longue_se_lit_page_par_page(client: Client, bailleur: Bailleur) -> None:
    for rang in range(55):
        creer_logement(bailleur, identifiant=f"L{rang:03d}")
    page = client.get(f"{reverse('patrimoine')}?page=2").content.decode()
    assert "51 à 55 sur 55" in page
    assert "L050" in page
    assert "L049" not in page


@pytest.mark.regle("RG-06")
def test_le_detail_d_un_nombre_est_un_fragment_pour_htmx_et_une_page_sinon(client: Client, bailleur: Bailleur) -> None:
    creer_logement(bailleur, hors_champ="foyer")
    adresse = reverse("patrimoine_detail", args=["hors-champ"])
    page = client.get(adresse).content.decode()
    fragment = client.get(adresse, headers={"HX-Request": "true"}).content.decode()
    assert "<h1>" in page
    assert "<h1>" not in fragment
    assert "Logement-foyer" in fragment


def test_un_detail_inconnu_est_introuvable(client: Client, bailleur: Bailleur) -> None:
    assert client.get(reverse("patrimoine_detail", args=["rien"])).status_code == 404


def test_un_patrimoine_vide_dit_quoi_faire(client: Client, bailleur: Bailleur) -> None:
    assert "Importez votre patrimoine" in client.get(reverse("patrimoine")).content.decode()


@pytest.mark.regle("RG-16")
@pytest.mark.parametrize(
    ("champs", "etat"),
    [
        ({"etat": EtatConvention.BROUILLON}, "Brouillon"),
        ({"etat": EtatConvention.PROPOSEE}, "Proposée"),
        ({"effet": date(2020, 1, 1)}, "En vigueur"),
        ({"effet": date(2999, 1, 1)}, "À venir"),
        ({"effet": date(2020, 1, 1), "date_fin": date(2021, 1, 1)}, "Échue"),
        ({"effet": date(2020, 1, 1), "date_resiliation": date(2021, 1, 1)}, "Résiliée"),
    ],
)
def test_l_etat_d_une_convention_se_deduit_de_ses_dates(
    client: Client, bailleur: Bailleur, champs: dict[str, object], etat: str
) -> None:
    convention = creer_convention(bailleur, creer_reservataire(), **champs)  # type: ignore[arg-type]  # cas paramétrés
    page = client.get(reverse("convention", args=[convention.pk])).content.decode()
    assert f">{etat}</span>" in page


@pytest.mark.regle("RG-13")
def test_la_fiche_additionne_les_lignes_de_droit(client: Client, bailleur: Bailleur) -> None:
    droits = [("12.50", "", "departement:94"), ("7.50", "", "departement:94")]
    convention = creer_convention(bailleur, creer_reservataire(), droits)
    assert "20,00\u00a0%" in client.get(reverse("convention", args=[convention.pk])).content.decode()


def test_la_convention_d_un_autre_bailleur_est_introuvable(client: Client, bailleur: Bailleur) -> None:
    convention = creer_convention(creer_bailleur("Autre"), creer_reservataire())
    assert client.get(reverse("convention", args=[convention.pk])).status_code == 404


def test_un_reservataire_lit_sa_convention_mais_pas_un_brouillon(client: Client) -> None:
    mairie = creer_reservataire("MAIRIE", TypeReservataire.COMMUNE, f"commune:{VITRY}")
    signee = creer_convention(creer_bailleur(), mairie)
    brouillon = creer_convention(creer_bailleur(), mairie, etat=EtatConvention.BROUILLON)
    client.force_login(creer_utilisateur(mairie))
    assert client.get(reverse("convention", args=[signee.pk])).status_code == 200
    assert client.get(reverse("convention", args=[brouillon.pk])).status_code == 404
