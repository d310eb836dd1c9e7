"""Les avis de non-remise lus : le bon envoi, une fois, et rien d'autre (RG-66)."""

from __future__ import annotations

import io
import json
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse
from flux_reservations.notifications.actions.rebonds import constater_les_rebonds
from flux_reservations.notifications.actions.suivre import accuser_reception
from flux_reservations.notifications.domaine.rebonds import lire_avis
from flux_reservations.notifications.models import Envoi, EtatEnvoi
from tests.fabriques import acteur_de, creer_bailleur, creer_utilisateur
from tests.notifications.test_suivi import deposer


def ecrire_avis(
    message_id: str, adresse: str = "r@essai.example", *, action: str = "failed", en_entier: bool = True
) -> bytes:
    """Un avis tel que les serveurs l'écrivent, le courriel d'origine joint en entier ou par ses seuls en-têtes."""
    joint = (
        f"Content-Type: message/rfc822\r\n\r\nMessage-ID: {message_id}\r\nSubject: Bilan\r\n\r\nBonjour\r\n"
        if en_entier
        else f"Content-Type: text/rfc822-headers\r\n\r\nSubject: Bilan\r\nMessage-ID: {message_id}\r\n"
    )
    return (
        "From: MAILER-DAEMON@essai.example\r\nTo: ne-pas-repondre@essai.example\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nUndelivered\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.essai.example\r\n\r\n"
        f"Final-Recipient: rfc822; {adresse}\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        f"Diagnostic-Code: smtp; 550 5.1.1 adresse inconnue\r\n\r\n--B\r\n{joint}\r\n--B--\r\n"
    ).encode()


def envoye() -> tuple[Envoi, Acteur, Acteur]:
    """Un envoi accepté par le serveur du destinataire."""
    envoi, emetteur, recoit = deposer()
    Envoi.objects.filter(pk=envoi.pk).update(etat=EtatEnvoi.ENVOYE, envoye_le=timezone.now())
    return envoi, emetteur, recoit


@pytest.mark.django_db
@pytest.mark.regle("RG-66")
@pytest.mark.parametrize("en_entier", [True, False])
def test_un_avis_met_son_envoi_en_echec_une_fois(en_entier: bool) -> None:
    envoi, emetteur, _ = envoye()
    avis = ecrire_avis(envoi.message_id, en_entier=en_entier)
    assert constater_les_rebonds(acteur=emetteur, courriels=[avis]).rebonds == 1
    envoi.refresh_from_db()
    assert (envoi.etat, envoi.derniere_erreur) == (EtatEnvoi.ECHEC, "Rebond : 5.1.1 550 5.1.1 adresse inconnue")
    assert constater_les_rebonds(acteur=emetteur, courriels=[avis]).sans_effet == 1


@pytest.mark.django_db
@pytest.mark.regle("RG-66")
def test_un_retard_ou_une_ancienne_adresse_ne_changent_rien() -> None:
    envoi, emetteur, _ = envoye()
    retard = ecrire_avis(envoi.message_id, action="delayed")
    ancienne = ecrire_avis(envoi.message_id, "avant@essai.example")
    releve = constater_les_rebonds(acteur=emetteur, courriels=[retard, ancienne, b"Subject: bonjour\r\n\r\nmerci"])
    assert (releve.passagers, releve.sans_effet, releve.illisibles, releve.rebonds) == (1, 1, 1, 0)
    envoi.refresh_from_db()
    assert envoi.etat == EtatEnvoi.ENVOYE


@pytest.mark.django_db
def test_un_envoi_accuse_ne_rebondit_plus() -> None:
    envoi, emetteur, recoit = envoye()
    accuser_reception(acteur=recoit, envoi_id=envoi.pk)
    assert constater_les_rebonds(acteur=emetteur, courriels=[ecrire_avis(envoi.message_id)]).sans_effet == 1


@pytest.mark.django_db
def test_un_autre_bailleur_ou_un_lecteur_n_y_peut_rien() -> None:
    envoi, emetteur, _ = envoye()
    avis = [ecrire_avis(envoi.message_id)]
    assert constater_les_rebonds(acteur=acteur_de(creer_bailleur()), courriels=avis).sans_effet == 1
    with pytest.raises(AccesRefuse):
        constater_les_rebonds(acteur=emetteur.avec_role(Role.LECTEUR), courriels=avis)


@given(st.binary(max_size=400))
def test_n_importe_quels_octets_se_lisent_sans_erreur(octets: bytes) -> None:
    assert lire_avis(octets) is None
    lire_avis(ecrire_avis("<a@b>")[: len(octets) * 3] + octets)


@pytest.mark.django_db
def test_la_commande_lit_un_dossier_ou_l_entree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    envoi, *_ = envoye()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1").write_bytes(ecrire_avis(envoi.message_id))
    sortie = StringIO()
    call_command("lire_rebonds", str(tmp_path), format="json", stdout=sortie)
    assert json.loads(sortie.getvalue())["rebonds"] == 1
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ecrire_avis(envoi.message_id))))
    sortie = StringIO()
    call_command("lire_rebonds", stdout=sortie)
    assert "Sans effet : 1" in sortie.getvalue()
    with pytest.raises(SystemExit):
        call_command("lire_rebonds", str(tmp_path / "absent"), stderr=StringIO())


@pytest.mark.django_db
@pytest.mark.regle("RG-66")
def test_l_ecran_lit_plusieurs_avis_et_dit_ce_qu_il_en_est() -> None:
    envoi, *_ = envoye()
    client = Client()
    client.force_login(creer_utilisateur(envoi.emetteur, Role.GESTIONNAIRE))
    fichiers = [
        SimpleUploadedFile("a.eml", ecrire_avis(envoi.message_id)),
        SimpleUploadedFile("b.eml", b"Subject: x\r\n\r\ny"),
    ]
    reponse = client.post(reverse("envois_avis"), {"avis": fichiers}, follow=True)
    assert "1 envoi mis en échec, 1 fichier qui n&#x27;est pas un avis." in reponse.content.decode()
    assert client.post(reverse("envois_avis")).status_code == 422
