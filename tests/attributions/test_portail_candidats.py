"""Le réservataire importe ses candidats : tout, ou rien, avec le remède de chaque ligne (RG-42, RG-49)."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from attributions.actions.mise_a_disposition import prolonger_le_delai
from attributions.models import Candidat, Orientation
from tests.attributions.dossier import NUMERO, Dossier
from tests.fabriques import creer_utilisateur

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-42")]


@pytest.fixture
def portail(dossier: Dossier) -> tuple[Client, str]:
    dossier.a_disposition()
    prolonger_le_delai(
        acteur=dossier.agent, orientation_id=dossier.orientation.pk, jusqu_au=date(2099, 1, 1), motif="Essai"
    )
    client = Client()
    client.force_login(creer_utilisateur(dossier.reservataire), backend="django.contrib.auth.backends.ModelBackend")
    return client, f"/logements-a-pourvoir/{dossier.orientation.pk}/candidats/"


def test_une_liste_collee_presente_tous_ses_candidats(portail: tuple[Client, str]) -> None:
    client, adresse = portail
    reponse = client.post(adresse, {"liste": f"{NUMERO};dalo;3\n094120260007654321"}, follow=True)
    page = reponse.content.decode()
    assert "2\N{NO-BREAK SPACE}candidats présentés" in page
    assert list(Candidat.objects.order_by("pk").values_list("public", "nb_personnes")) == [("dalo", 3), ("", None)]
    assert Orientation.objects.get().nb_candidats == 2


@pytest.mark.regle("RG-49")
def test_une_forme_inattendue_avertit_et_presente(portail: tuple[Client, str]) -> None:
    client, adresse = portail
    page = client.post(adresse, {"liste": "94-12"}, follow=True).content.decode()
    assert "Ligne 1" in page
    assert Candidat.objects.count() == 1


def test_une_ligne_fautive_n_en_presente_aucune(portail: tuple[Client, str]) -> None:
    client, adresse = portail
    reponse = client.post(adresse, {"liste": f"{NUMERO}\nX;inconnu"})
    assert reponse.status_code == 422
    assert "Ligne 2 : public « inconnu » inconnu" in reponse.content.decode()
    assert not Candidat.objects.exists()


def test_une_demande_deja_presentee_dit_sa_ligne_et_n_en_presente_aucune(portail: tuple[Client, str]) -> None:
    client, adresse = portail
    client.post(adresse, {"liste": NUMERO})
    reponse = client.post(adresse, {"liste": f"AUTRE\n{NUMERO}"})
    assert "Ligne 2 : Cette demande est déjà présentée" in reponse.content.decode()
    assert Candidat.objects.count() == 1


@pytest.mark.parametrize(
    ("octets", "attendu"),
    [
        (f"numero_demande;public\n{NUMERO};autre\n".encode("cp1252"), 302),
        (b"\x00\x01\x02PNG", 422),
        (b"A\n" * 100_000, 422),
    ],
)
def test_un_fichier_depose_se_lit_ou_dit_pourquoi(portail: tuple[Client, str], octets: bytes, attendu: int) -> None:
    client, adresse = portail
    fichier = SimpleUploadedFile("candidats.csv", octets, content_type="text/csv")
    assert client.post(adresse, {"fichier": fichier}).status_code == attendu


def test_rien_ou_les_deux_se_refuse(portail: tuple[Client, str]) -> None:
    client, adresse = portail
    assert "l'un des deux" in unescape(client.post(adresse, {}).content.decode())


@pytest.mark.regle("RG-46")
def test_passe_le_delai_le_portail_ne_prend_ni_candidat_ni_rendu_meme_antidates(dossier: Dossier) -> None:
    dossier.a_disposition()
    client = Client()
    client.force_login(creer_utilisateur(dossier.reservataire), backend="django.contrib.auth.backends.ModelBackend")
    base = f"/logements-a-pourvoir/{dossier.orientation.pk}"
    for adresse, donnees in (
        ("candidats/", {"liste": NUMERO, "le": "2025-03-05"}),
        ("candidat/", {"numero_demande": NUMERO, "le": "2025-03-05"}),
        ("rendre/", {"motif": "Aucun ménage", "le": "2025-03-05"}),
    ):
        reponse = client.post(f"{base}/{adresse}", donnees)
        assert reponse.status_code == 422
        assert "délai de présentation est passé" in unescape(reponse.content.decode())
    orientation = Orientation.objects.get()
    assert (orientation.issue, orientation.date_proposition) == ("en_cours", None)


@pytest.mark.parametrize(("page", "champ"), [("candidat/", "numero_demande"), ("candidats/", "liste")])
def test_au_portail_une_presentation_est_datee_du_jour_meme_si_l_on_en_envoie_une_autre(
    portail: tuple[Client, str], page: str, champ: str
) -> None:
    client, adresse = portail
    adresse = adresse.replace("candidats/", page)
    assert 'name="le"' not in client.get(adresse).content.decode()
    assert client.post(adresse, {champ: NUMERO, "le": "2025-03-05"}).status_code == 302
    assert Candidat.objects.get().date_presentation == timezone.localdate()
    assert Orientation.objects.get().date_proposition == timezone.localdate()


def test_au_portail_rien_ne_se_presente_avant_la_mise_a_disposition(portail: tuple[Client, str]) -> None:
    client, adresse = portail
    Orientation.objects.update(date_mise_a_disposition=timezone.localdate() + timedelta(days=1))
    reponse = client.post(adresse, {"liste": NUMERO})
    assert reponse.status_code == 422
    assert "précède la mise à disposition" in unescape(reponse.content.decode())
    assert not Candidat.objects.exists()
