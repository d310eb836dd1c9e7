"""Les écrans des bilans, des envois et des pièces : le parcours du bailleur et de qui reçoit."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from attributions.models import SoldeOuverture
from bilans.actions.publier import publier
from bilans.models import Bilan
from bilans.models.bilan import EtatBilan
from bilans.recoupement import verifier_bilans
from flux_reservations.acces.models import Rattachement, Utilisateur
from flux_reservations.commun.acteur import Role
from flux_reservations.notifications.actions.expedier import expedier
from flux_reservations.notifications.models import Courriel, Envoi, EtatEnvoi
from flux_reservations.pieces.models import Piece
from tests.bilans.test_publication import Monde, monde
from tests.fabriques import creer_reservataire, creer_utilisateur
from tests.relecture import empreinte_portee

pytestmark = pytest.mark.django_db
__all__ = ["monde"]


def connecter(utilisateur: Utilisateur) -> Client:
    """Un navigateur connecté."""
    client = Client()
    client.force_login(utilisateur)
    return client


@pytest.fixture
def bailleur(monde: Monde) -> Client:
    """Le responsable du bailleur."""
    return connecter(creer_utilisateur(monde.bailleur, Role.RESPONSABLE))


@pytest.fixture
def caf(monde: Monde) -> Client:
    """Une gestionnaire de la CAF."""
    return connecter(creer_utilisateur(monde.caf, Role.GESTIONNAIRE))


def test_preparer_ouvre_un_brouillon_en_production(bailleur: Client, monde: Monde) -> None:
    reponse = bailleur.post(reverse("bilan_preparer"), {"genre": "annuel", "departement": "94", "annee": "2025"})
    bilan = Bilan.objects.get(bailleur=monde.bailleur)
    assert (reponse.status_code, reponse["Location"]) == (302, reverse("bilan", args=[bilan.pk]))
    assert b"Production du document" in bailleur.get(reponse["Location"]).content


def test_la_progression_renvoie_a_la_fiche_quand_c_est_fini(bailleur: Client, monde: Monde) -> None:
    bilan = monde.preparer()
    reponse = bailleur.get(reverse("bilan_progression", args=[bilan.pk]), headers={"HX-Request": "true"})
    assert reponse["HX-Redirect"] == reverse("bilan", args=[bilan.pk])


def test_l_apercu_montre_les_nombres_et_la_publication_recapitule(bailleur: Client, monde: Monde) -> None:
    bilan = monde.preparer()
    apercu = bailleur.get(reverse("bilan", args=[bilan.pk])).content.decode()
    assert "Droits, décompte et solde par compte" in apercu
    recapitulatif = bailleur.get(reverse("bilan_publier", args=[bilan.pk])).content.decode()
    assert monde.caf.nom in recapitulatif
    assert bilan.empreinte in recapitulatif


def test_publier_exige_la_confirmation_puis_montre_le_registre(bailleur: Client, monde: Monde) -> None:
    bilan = monde.preparer()
    adresse = reverse("bilan_publier", args=[bilan.pk])
    assert bailleur.post(adresse).status_code == 422
    assert bailleur.post(adresse, {"confirme": "on"} | empreinte_portee(bailleur, adresse)).status_code == 302
    bilan.refresh_from_db()
    assert bilan.etat == EtatBilan.PUBLIE
    assert monde.caf.nom in bailleur.get(reverse("bilan", args=[bilan.pk])).content.decode()


@pytest.mark.regle("RG-66")
def test_le_destinataire_lit_le_pdf_et_accuse_reception(bailleur: Client, caf: Client, monde: Monde) -> None:
    bilan = publier(acteur=monde.responsable, bilan_id=monde.preparer().pk)
    envoi = Envoi.objects.get(objet_cle=str(bilan.pk), destinataire=monde.caf)
    assert b"accuser" in caf.get(envoi.adresse_de_remise).content.lower()
    pdf = caf.get(reverse("piece", args=[bilan.pdf_id]))
    assert (pdf.status_code, pdf.getvalue()[:5]) == (200, b"%PDF-")
    assert caf.post(reverse("envoi_accuser", args=[envoi.cle])).status_code == 302
    envoi.refresh_from_db()
    assert envoi.etat == EtatEnvoi.RECU
    assert "Accusé de réception" in bailleur.get(reverse("envoi", args=[envoi.pk])).content.decode()


def test_une_piece_d_autrui_est_introuvable(monde: Monde) -> None:
    bilan = monde.preparer()
    tiers = connecter(creer_utilisateur(creer_reservataire()))
    assert tiers.get(reverse("piece", args=[bilan.pdf_id])).status_code == 404
    assert Piece.objects.filter(pk=bilan.pdf_id).exists()


@pytest.mark.regle("RG-66")
def test_le_registre_exporte_porte_les_empreintes(bailleur: Client, monde: Monde) -> None:
    bilan = publier(acteur=monde.responsable, bilan_id=monde.preparer().pk)
    assert bilan.pdf is not None
    reponse = bailleur.get(reverse("envois"), {"export": "csv"})
    texte = reponse.getvalue().decode()
    assert bilan.pdf.contenu_id in texte
    assert bailleur.get(reverse("envois")).status_code == 200


def test_le_tableur_d_un_bilan_recu_se_lit(caf: Client, monde: Monde) -> None:
    bilan = monde.preparer()
    assert caf.get(reverse("bilan_tableur", args=[bilan.pk])).status_code == 404
    publier(acteur=monde.responsable, bilan_id=bilan.pk)
    assert caf.get(reverse("bilan_tableur", args=[bilan.pk])).content[:2] == b"PK"


def adresse_du_calendrier(client: Client) -> str:
    """L'adresse que montre l'échéancier ; vide s'il n'y en a pas."""
    trouvee = re.search(r'href="[^"]*(/echeancier/[^"]+\.ics)"', client.get(reverse("echeancier")).content.decode())
    return trouvee[1] if trouvee else ""


@pytest.mark.regle("RG-67")
def test_l_adresse_de_calendrier_se_lit_sans_connexion_jusqu_a_sa_revocation(bailleur: Client) -> None:
    assert adresse_du_calendrier(bailleur) == ""
    assert bailleur.post(reverse("echeancier_abonner")).status_code == 302
    adresse = adresse_du_calendrier(bailleur)
    reponse = Client().get(adresse)
    assert (reponse.status_code, reponse.content[:15]) == (200, b"BEGIN:VCALENDAR")
    assert Client().get(adresse.replace(".ics", "x.ics")).status_code == 404
    assert bailleur.post(reverse("echeancier_revoquer")).status_code == 302
    assert Client().get(adresse).status_code == 404


@pytest.mark.regle("RG-67")
def test_une_seule_adresse_a_la_fois_et_celle_d_un_autre_ne_se_voit_pas(bailleur: Client, monde: Monde) -> None:
    bailleur.post(reverse("echeancier_abonner"))
    assert bailleur.post(reverse("echeancier_abonner")).status_code == 409
    collegue = connecter(creer_utilisateur(monde.bailleur, Role.LECTEUR))
    assert adresse_du_calendrier(collegue) == ""
    assert collegue.post(reverse("echeancier_revoquer")).status_code == 409
    assert collegue.post(reverse("echeancier_abonner")).status_code == 302


@pytest.mark.regle("RG-67")
def test_une_personne_partie_ne_lit_plus_le_calendrier(bailleur: Client) -> None:
    bailleur.post(reverse("echeancier_abonner"))
    adresse = adresse_du_calendrier(bailleur)
    Rattachement.objects.update(clos_le=timezone.now())
    assert Client().get(adresse).status_code == 404


@pytest.mark.regle("RG-63")
def test_le_tableur_rendu_est_celui_qui_a_ete_garde(bailleur: Client, caf: Client, monde: Monde) -> None:
    bilan = publier(acteur=monde.responsable, bilan_id=monde.preparer().pk)
    assert bilan.tableur is not None
    for client in (bailleur, caf):
        octets = client.get(reverse("bilan_tableur", args=[bilan.pk])).content
        assert hashlib.sha256(octets).hexdigest() == bilan.tableur.contenu_id


def test_les_courriels_de_la_demonstration_se_lisent_a_l_ecran(bailleur: Client, monde: Monde, settings: Any) -> None:
    settings.EMAIL_BACKEND = "flux_reservations.notifications.courriel.CourrielEnBase"
    publier(acteur=monde.responsable, bilan_id=monde.preparer().pk)
    expedier()
    courriel = Courriel.objects.get()
    assert bailleur.get(reverse("courriels")).status_code == 404
    settings.DEMO = True
    assert monde.caf.courriel in bailleur.get(reverse("courriels")).content.decode()
    assert "/recus/" in bailleur.get(reverse("courriel", args=[courriel.pk])).content.decode()


@pytest.mark.regle("RG-60")
def test_qui_recoit_lit_son_compte_puis_l_ensemble(caf: Client, monde: Monde) -> None:
    bilan = publier(acteur=monde.responsable, bilan_id=monde.preparer().pk)
    page = caf.get(reverse("bilan_recu", args=[bilan.pk])).content.decode()
    assert f"Votre compte : {monde.caf.nom}" in page
    assert f"Votre compte : {monde.etat.nom}" not in page
    assert "logements du flux à répartir" in page.replace("Logements", "logements")


@pytest.mark.regle("RG-63")
def test_une_nouvelle_version_en_brouillon_n_empeche_pas_de_verifier_la_publiee(monde: Monde) -> None:
    bilan = publier(acteur=monde.responsable, bilan_id=monde.preparer().pk)
    monde.preparer()
    SoldeOuverture.objects.filter(annee=bilan.annee + 1).update(report=99)
    assert verifier_bilans() != []
