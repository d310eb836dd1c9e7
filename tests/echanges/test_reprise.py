"""Reprendre en cours d'année : rapprocher ligne à ligne, enregistrer ce qui est déjà parti, sans rien renvoyer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from conventions.actions.pieces import Fichier
from conventions.models import Bailleur
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import AccesRefuse, ErreurMetier
from flux_reservations.echanges.reprise import actions
from flux_reservations.echanges.reprise.rapprochement import (
    Ecart,
    LigneDeChezNous,
    LigneDuBailleur,
    est_le_meme_compte,
    rapprocher,
    totaliser,
)
from flux_reservations.notifications.models import Envoi
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n"


def lui(numero: int, liberation: str, compte: str, logement: str = "") -> LigneDuBailleur:
    return LigneDuBailleur(numero, liberation, logement, compte)


def nous(liberation: str, compte: str, logement: str = "N") -> LigneDeChezNous:
    return LigneDeChezNous(liberation, logement, compte, date(2026, 3, 1), "bail")


def test_chaque_ligne_trouve_son_pendant_ou_reste_seule() -> None:
    lignes = rapprocher(
        [lui(2, "L1", "AL"), lui(3, "L2", "AL"), lui(4, "L9", "AL")],
        [nous("L1", "AL"), nous("L2", "COM"), nous("L3", "COM")],
    )
    assert [(une.ecart, une.lui.numero if une.lui else None) for une in lignes] == [
        (Ecart.AUTRE_COMPTE, 3),
        (Ecart.CHEZ_LUI_SEUL, 4),
        (Ecart.CHEZ_NOUS_SEUL, None),
        (Ecart.IDENTIQUE, 2),
    ]
    assert [(t.compte, t.lui, t.nous, t.difference) for t in totaliser(lignes)] == [("AL", 3, 1, 2), ("COM", 0, 2, -2)]


def test_un_logement_libere_deux_fois_se_rapproche_par_son_compte() -> None:
    lignes = rapprocher(
        [lui(2, "", "COM", "N1"), lui(3, "", "AL", "N1")], [nous("L1", "AL", "N1"), nous("L2", "COM", "N1")]
    )
    assert {une.ecart for une in lignes} == {Ecart.IDENTIQUE}


def test_l_etat_sans_sous_contingent_est_le_meme_compte() -> None:
    assert est_le_meme_compte("etat94", "ETAT94/prioritaires")
    assert not est_le_meme_compte("ETAT94/agents", "ETAT94/prioritaires")


@pytest.fixture
def bailleur() -> Bailleur:
    bailleur = creer_bailleur()
    mairie = creer_reservataire("MAIRIE", "commune", "commune:94028")
    creer_convention(bailleur, creer_etat(), [("30", "prioritaires", "departement:94")])
    creer_convention(bailleur, mairie, [("20", "", "commune:94028")])
    jour = date(timezone.localdate().year, 1, 5)
    for numero in ("L1", "L2"):
        liberation = creer_liberation(
            creer_logement(bailleur, identifiant=f"N{numero}"), jour, numero=numero, date_bail=jour
        )
        creer_orientation(liberation, mairie, issue="bail")
    return bailleur


def connecter(bailleur: Bailleur, role: Role = Role.RESPONSABLE) -> Client:
    client = Client()
    client.force_login(Utilisateur.objects.get(pk=acteur_de(bailleur, role).utilisateur_id))
    return client


@pytest.mark.django_db
@pytest.mark.regle("RG-46")
def test_le_tableur_se_rapproche_a_l_ecran(bailleur: Bailleur) -> None:
    client = connecter(bailleur)
    tableur = SimpleUploadedFile(
        "mon decompte.csv", "N° de libération;Réservataire\nL1;MAIRIE\nL9;AL\n".encode("cp1252")
    )
    reponse = client.post("/reprise/decompte/", {"tableur": tableur}, follow=True)
    page = reponse.content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "1 ligne identique" in page
    assert "Dans votre tableur seul" in page
    assert "Dans l&#x27;application seule" in page
    export = client.get(f"{reponse.request['PATH_INFO']}?export=csv").getvalue().decode("utf-8-sig")
    assert export.splitlines()[1].startswith("Dans votre tableur seul;3;L9;;AL;")
    assert len(export.splitlines()) == 4
    assert "Rapprocher le décompte" in client.get("/reprise/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("contenu", "remede"),
    [
        (b"", "vide"),
        (b"a;b\n1;2\n", "colonne"),
        (b"liberation;compte\nL1;\n", "Ligne 2"),
        (b"\x00\x01\x02", "octet nul"),
        (b"PK\x03\x04abc", "classeur"),
    ],
)
def test_un_tableur_absurde_est_refuse_avec_son_remede(bailleur: Bailleur, contenu: bytes, remede: str) -> None:
    with pytest.raises(ErreurMetier) as refus:
        actions.deposer_le_decompte(acteur=acteur_de(bailleur), nom="decompte.csv", octets=contenu)
    assert remede in refus.value.message


@pytest.mark.django_db
@pytest.mark.regle("RG-66")
def test_un_envoi_deja_fait_entre_au_registre_sans_rien_envoyer(bailleur: Bailleur) -> None:
    client, annee = connecter(bailleur), timezone.localdate().year - 1
    donnees: dict[str, Any] = {"genre": "bilan", "annee": annee, "le": f"{annee + 1}-02-20"}
    reponse = client.post("/reprise/envoi/", donnees | {"piece": SimpleUploadedFile("bilan.pdf", PDF)})
    assert reponse.status_code == 302, reponse.content.decode()
    envois = list(Envoi.objects.filter(emetteur_id=bailleur.pk))
    assert {un.etat for un in envois} == {"envoye"}
    assert len({un.lot for un in envois}) == 1
    assert {un.destinataire.nom for un in envois if un.destinataire} >= {"État, préfecture", "Réservataire MAIRIE"}
    assert mail.outbox == []
    encore = client.post("/reprise/envoi/", donnees | {"piece": SimpleUploadedFile("bilan.pdf", PDF)})
    assert encore.status_code == 422


@pytest.mark.django_db
def test_un_envoi_a_venir_ou_sans_pdf_est_refuse(bailleur: Bailleur) -> None:
    demain = timezone.localdate() + timedelta(days=1)
    base: dict[str, Any] = {"genre": "bilan", "departement": "94", "annee": 2025, "fichier": Fichier("b.pdf", PDF)}
    responsable = acteur_de(bailleur, Role.RESPONSABLE)
    for faux in ({"le": demain}, {"le": demain - timedelta(days=9), "fichier": Fichier("b.pdf", b"non")}):
        with pytest.raises(ErreurMetier):
            actions.enregistrer_envois_anterieurs(acteur=responsable, **(base | faux))
    with pytest.raises(AccesRefuse):
        actions.enregistrer_envois_anterieurs(acteur=acteur_de(bailleur), **(base | {"le": date(2026, 2, 1)}))
    assert not Envoi.objects.exists()
