"""Ce qu'on dépose : un vrai PDF, entier, de taille bornée, sans programme ; sinon un refus clair, et rien d'écrit (RG-16, RG-17)."""

from __future__ import annotations

import zlib
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from conventions.actions import cycle
from conventions.actions.pieces import Fichier
from conventions.documents import convention_pdf
from conventions.domaine.codes import EtatConvention
from conventions.domaine.pieces import TAILLE_MAXIMALE, verifier_pdf
from conventions.models import Convention
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.embarque.donnees_demo.envois import page_pdf
from flux_reservations.pieces.models import Contenu, Piece
from tests.fabriques import acteur_de, creer_bailleur, creer_convention, creer_reservataire, creer_utilisateur
from tests.relecture import empreinte_portee

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-16")]
BON = page_pdf(("Convention signée",))
FAUTIFS = {
    "vide": b"",
    "texte": b"Convention de reservation",
    "html": b"<html><body>%PDF-1.7</body></html>",
    "image": b"\x89PNG\r\n\x1a\n" + b"0" * 100,
    "archive": b"PK\x03\x04" + b"0" * 100,
    "tronque": BON[: len(BON) // 2],
    "sans_fin": b"%PDF-1.7 essai",
    "script": BON.replace(b"/Type /Catalog", b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >> /Type /Catalog"),
    "script_echappe": BON.replace(b"/Type /Catalog", b"/OpenAction << /S /Java#53cript >> /Type /Catalog"),
    "rendu": BON.replace(b"/Type /Catalog", b"/OpenAction << /S /Rendition /JS (app.alert(1)) >> /Type /Catalog"),
    "script_compresse": BON.replace(
        b"%%EOF",
        b"9 0 obj\n<< /Type /ObjStm /Filter /FlateDecode >>\nstream\n"
        + zlib.compress(b"<< /JS (app) >>")
        + b"\nendstream\n%%EOF",
    ),
    "fichier_joint": BON.replace(
        b"/Type /Catalog", b"/Names << /EmbeddedFiles 7 0 R >> /EF << /F << /Type /EmbeddedFile >> >> /Type /Catalog"
    ),
    "lancement": BON.replace(b"/Type /Catalog", b"/OpenAction << /S /Launch >> /Type /Catalog"),
}


def test_un_pdf_d_ici_ou_d_ailleurs_passe() -> None:
    verifier_pdf(BON)
    verifier_pdf(convention_pdf(creer_convention(creer_bailleur(), creer_reservataire())))


def test_une_numerisation_qui_porte_js_par_hasard_passe() -> None:
    """Trois octets reviennent une fois tous les seize mégaoctets d'une image : deux numérisations de 19 Mo sur trois étaient refusées."""
    image = b"\x8f/JS\x90 \x03/JS(\xfe" + bytes(range(256))
    numerise = BON.replace(
        b"%%EOF", b"9 0 obj\n<< /Length %d >>\nstream\n" % len(image) + image + b"\nendstream\nendobj\n%%EOF"
    )
    assert numerise.count(b"/JS") == 2
    verifier_pdf(numerise)


@pytest.mark.parametrize("nom", FAUTIFS)
def test_ce_qui_n_est_pas_un_pdf_entier_est_refuse(nom: str) -> None:
    with pytest.raises(ErreurMetier):
        verifier_pdf(FAUTIFS[nom])


def test_une_piece_trop_lourde_est_refusee() -> None:
    with pytest.raises(ErreurMetier) as refus:
        verifier_pdf(BON[:-6] + b"0" * TAILLE_MAXIMALE + b"%%EOF\n")
    assert refus.value.code == "piece_trop_lourde"


@pytest.fixture
def proposee(client: Client) -> Convention:
    """Une convention proposée, dont le responsable est connecté."""
    bailleur = creer_bailleur()
    client.force_login(creer_utilisateur(bailleur, Role.RESPONSABLE))
    return creer_convention(bailleur, creer_reservataire("MSA"), etat=EtatConvention.PROPOSEE)


def signer(client: Client, convention: Convention, octets: bytes, nom: str = "signee.pdf") -> object:
    adresse = reverse("signer_convention", args=[convention.pk])
    return client.post(
        adresse,
        empreinte_portee(client, adresse)
        | {
            "signature_bailleur": "2026-01-05",
            "signature_reservataire": "2026-01-08",
            "piece": SimpleUploadedFile(nom, octets, "application/pdf"),
        },
    )


def test_la_piece_signee_est_gardee_sous_son_empreinte(client: Client, proposee: Convention) -> None:
    signer(client, proposee, BON)
    proposee.refresh_from_db()
    assert proposee.date_signature == date(2026, 1, 8)
    assert proposee.piece_signee is not None
    page = client.get(reverse("convention", args=[proposee.pk])).content.decode()
    assert proposee.piece_signee.contenu_id in page


@pytest.mark.parametrize("nom", ["texte", "tronque", "script"])
def test_une_piece_fautive_se_dit_a_l_ecran_et_rien_n_est_signe(client: Client, proposee: Convention, nom: str) -> None:
    reponse = signer(client, proposee, FAUTIFS[nom])
    assert reponse.status_code == 422  # type: ignore[attr-defined]
    assert "PDF" in reponse.content.decode()  # type: ignore[attr-defined]
    _rien_n_est_ecrit(proposee)


def test_deux_cents_mo_se_refusent_sans_rien_ecrire(client: Client, proposee: Convention) -> None:
    lourd = b"%PDF-1.7\n" + bytes(200 * 1024 * 1024)
    reponse = signer(client, proposee, lourd)
    assert reponse.status_code == 422  # type: ignore[attr-defined]
    assert "20 Mo" in reponse.content.decode()  # type: ignore[attr-defined]
    _rien_n_est_ecrit(proposee)


def test_une_signature_refusee_ne_garde_pas_sa_piece(proposee: Convention) -> None:
    with pytest.raises(ErreurMetier):
        cycle.signer(
            acteur=acteur_de(proposee.bailleur, Role.RESPONSABLE),
            convention_id=creer_convention(proposee.bailleur, creer_reservataire("VIDE"), [], etat="proposee").pk,
            signature_bailleur=date(2026, 1, 1),
            signature_reservataire=date(2026, 1, 1),
            fichier=Fichier("signee.pdf", BON),
        )
    assert not Piece.objects.exists()


def _rien_n_est_ecrit(convention: Convention) -> None:
    convention.refresh_from_db()
    assert convention.etat == EtatConvention.PROPOSEE
    assert not Piece.objects.exists()
    assert not Contenu.objects.exists()
