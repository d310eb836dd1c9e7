"""L'état des lieux face à ce que le RPLS déclare : par contingent, par réservataire, jusqu'aux logements (RG-18)."""

from __future__ import annotations

import io
import json
import re
from datetime import date

import pikepdf
import pytest
from django.test import Client
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from conventions.actions.transmission import empreinte_envoyee, informer_prealablement
from conventions.chargement_contingents import charger_declaration
from conventions.chargement_etat_des_lieux import charger_etat_des_lieux
from conventions.documents import etat_des_lieux_pdf, etat_des_lieux_tableur, html_de_l_etat_des_lieux
from conventions.models import Bailleur, FicheRpls, Reservataire, ReservationStock
from flux_reservations.commun.acteur import Role
from flux_reservations.notifications.models import Envoi
from flux_reservations.pieces.models import Piece
from flux_reservations.territoires.models import Departement
from tests.fabriques import (
    VITRY,
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_logement,
    creer_reservataire,
    creer_utilisateur,
)

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-18")]
JOUR = date(2026, 6, 1)


@pytest.fixture
def bailleur() -> Bailleur:
    """Six logements : à l'État et confirmé, à l'État mais au droit d'AL, sans droit, non réservé mais au droit d'AL, deux sans écart."""
    bailleur = creer_bailleur()
    etat, al = creer_etat(), creer_reservataire("AL", "action_logement")
    for contingent, reservataire, typologie in (
        ("2", etat, "T2"),
        ("1", al, "T3"),
        ("3", None, "T3"),
        ("7", al, "T4"),
        ("7", None, "T1"),
        ("", al, "T2"),
    ):
        logement = creer_logement(bailleur, typologie=typologie)
        FicheRpls.objects.create(logement=logement, contingent=contingent, millesime=2026)
        if reservataire:
            ReservationStock.objects.create(logement=logement, reservataire=reservataire, contrepartie="financement")
    ailleurs = creer_logement(creer_bailleur("Autre"), VITRY)
    FicheRpls.objects.create(logement=ailleurs, contingent="3", millesime=2025)
    return bailleur


def test_chaque_contingent_dit_ses_logements_et_leurs_droits(bailleur: Bailleur) -> None:
    rpls = charger_declaration(bailleur.pk, "94", JOUR)
    assert [(un.code, un.total, un.meme, un.autre, un.sans, un.ecart) for un in rpls.contingents] == [
        (1, 1, 0, 1, 0, 1),
        (2, 1, 1, 0, 0, 0),
        (3, 1, 0, 0, 1, 1),
        (7, 2, 0, 1, 1, 1),
    ]
    assert (rpls.total, rpls.reserves, rpls.ecart, rpls.source) == (5, 3, 3, "RPLS 2026")


@pytest.mark.regle("RG-35")
def test_un_droit_converti_n_est_pas_un_droit_jamais_enregistre(bailleur: Bailleur) -> None:
    al = Reservataire.objects.get(code="AL")
    logement = FicheRpls.objects.get(contingent="3", logement__bailleur=bailleur).logement
    ReservationStock.objects.create(
        logement=logement, reservataire=al, contrepartie="financement", date_fin=date(2025, 12, 31)
    )
    rpls = charger_declaration(bailleur.pk, "94", JOUR)
    (ligne,) = [un for un in rpls.contingents if un.code == 3]
    assert (ligne.echu, ligne.sans, ligne.ecart, rpls.echus) == (1, 0, 1, 1)
    client = Client()
    client.force_login(creer_utilisateur(bailleur))
    page = client.get("/etat-des-lieux/94/").content.decode()
    assert "le droit est converti en flux ou échu" in page
    assert "contingent=3&amp;situation=echu" in page
    for situation, nombre in (("echu", 1), ("ecart", 1), ("sans", 0)):
        detail = client.get(f"/etat-des-lieux/94/logements/?contingent=3&situation={situation}").content.decode()
        assert detail.count("(fini le ") == nombre, situation
    assert len(client.get("/imports/rpls/?export=csv").getvalue().decode("utf-8-sig").splitlines()) == 1


def test_chaque_reservataire_dit_ce_que_le_repertoire_en_sait(bailleur: Bailleur) -> None:
    lignes = {un.code: un for un in charger_declaration(bailleur.pk, "94", JOUR).titulaires}
    al, etat = lignes["AL"], lignes["ETAT94"]
    assert (etat.droits, etat.confirmes, etat.ecart) == (1, 1, 0)
    assert (al.droits, al.confirmes, al.ailleurs, al.non_reserves, al.inconnus, al.ecart) == (3, 0, 1, 1, 1, 3)


def test_chaque_nombre_mene_a_ses_logements(bailleur: Bailleur) -> None:
    client = Client()
    client.force_login(creer_utilisateur(bailleur))
    page = client.get("/etat-des-lieux/94/").content.decode()
    al = Reservataire.objects.get(code="AL").pk
    for demande, nombre in (
        ("contingent=1&situation=autre", 1),
        ("contingent=7", 2),
        ("contingent=7&situation=ecart", 1),
        ("contingent=3&situation=ecart", 1),
        ("contingent=3&situation=sans", 1),
        ("contingent=7&typologie=T4", 1),
        (f"reservataire={al}", 3),
        (f"reservataire={al}&declaration=ecart", 3),
        (f"reservataire={al}&declaration=ailleurs", 1),
        (f"reservataire={al}&declaration=non_reserves", 1),
        (f"reservataire={al}&declaration=inconnus", 1),
    ):
        assert demande.replace("&", "&amp;") in page, demande
        detail = client.get(f"/etat-des-lieux/94/logements/?{demande}").content.decode()
        assert detail.count("/patrimoine/") - detail.count('href="/patrimoine/"') == nombre, demande
    assert client.get("/etat-des-lieux/94/logements/?contingent=8").status_code == 404
    assert client.get("/etat-des-lieux/94/logements/?reservataire=0").status_code == 404


def test_le_nombre_de_requetes_ne_depend_pas_du_volume(
    bailleur: Bailleur, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(3):
        charger_declaration(bailleur.pk, "94", JOUR)


def test_le_pdf_et_le_tableur_le_disent(bailleur: Bailleur) -> None:
    etat = charger_etat_des_lieux(bailleur, Departement.objects.get(pk="94"), JOUR)
    assert pikepdf.open(io.BytesIO(etat_des_lieux_pdf(etat))).Root.MarkInfo.Marked
    classeur = load_workbook(io.BytesIO(etat_des_lieux_tableur(etat)))
    assert classeur.sheetnames == ["État des lieux", "RPLS par contingent", "RPLS par réservataire"]
    assert [ligne[-2].value for ligne in classeur["RPLS par contingent"].iter_rows(min_row=2)] == [1, 0, 1, 1]


def test_le_pdf_dit_ses_colonnes_et_ne_compte_pas_sans_droit_un_logement_non_reserve(bailleur: Bailleur) -> None:
    etat = charger_etat_des_lieux(bailleur, Departement.objects.get(pk="94"), JOUR)
    html = html_de_l_etat_des_lieux(etat)
    (ligne,) = re.findall(r'<th scope="row">Non réservé</th>(.*?)</tr>', html)
    assert re.findall(r">([^<>]+)</td>", ligne)[-5:] == ["—", "1", "—", "—", "1"]
    assert "Même titulaire : un droit de suite actif est à un titulaire du contingent déclaré." in html


def test_sans_rpls_l_etat_des_lieux_reste_le_meme() -> None:
    etat = charger_etat_des_lieux(creer_bailleur(), Departement.objects.get(pk="94"), JOUR)
    assert etat.rpls.contingents == ()
    assert load_workbook(io.BytesIO(etat_des_lieux_tableur(etat))).sheetnames == ["État des lieux"]


def test_les_donnees_envoyees_sont_figees_et_l_ecran_dit_ce_qui_a_change(bailleur: Bailleur) -> None:
    creer_convention(bailleur, Reservataire.objects.get(code="AL"), [("10", "", "departement:94")])
    acteur = acteur_de(bailleur, Role.RESPONSABLE)
    informer_prealablement(acteur=acteur, bailleur_id=bailleur.pk, departement_id="94")
    lot = Envoi.objects.values_list("lot", flat=True).distinct().get()
    figee = empreinte_envoyee(acteur, "94", lot)
    donnees = json.loads(bytes(Piece.objects.get(genre="etat_des_lieux_donnees").contenu.octets))
    assert [ligne["code"] for ligne in donnees["rpls"]["contingents"]] == [1, 2, 3, 7]
    client = Client()
    client.force_login(creer_utilisateur(bailleur))
    page = client.get("/etat-des-lieux/94/").content.decode()
    assert figee[:16] in page
    assert "ont changé depuis" not in page
    FicheRpls.objects.filter(logement__bailleur=bailleur, contingent="3").update(contingent="4")
    assert "ont changé depuis" in client.get("/etat-des-lieux/94/").content.decode()
    assert empreinte_envoyee(acteur, "94", lot) == figee
