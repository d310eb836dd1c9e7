"""La file d'envois contre un vrai serveur SMTP : simultanée, durable, sans perte, l'incertitude dite (RG-18, RG-66)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
from flux_reservations.notifications.actions.expedier import expedier, reprendre_les_abandonnes
from flux_reservations.notifications.messages import MessageBilan
from flux_reservations.notifications.models import Envoi, EtatEnvoi, VoieEnvoi
from flux_reservations.socle.journal import verifier_chaine
from tests.fabriques import creer_bailleur
from tests.notifications.conftest import BoiteAuxLettres

pytestmark = pytest.mark.django_db


def deposer(nombre: int = 3, **champs: Any) -> list[Envoi]:
    """Un lot de `nombre` envois d'un bailleur."""
    destinataires = [
        Destinataire(f"Réservataire {rang}", courriel=f"r{rang}@essai.example", **champs) for rang in range(nombre)
    ]
    return deposer_lot(
        acteur=Acteur.systeme(),
        emetteur=creer_bailleur(),
        message=MessageBilan("Habitat d'essai", "Val-de-Marne", 2025),
        destinataires=destinataires,
        objet=Objet(departement="94", annee=2025),
    )


@pytest.mark.regle("RG-18")
def test_un_lot_est_depose_chez_tous_a_la_meme_date() -> None:
    envois = deposer(3)
    assert len({(envoi.lot, envoi.depose_le) for envoi in envois}) == 1
    assert {envoi.etat for envoi in envois} == {EtatEnvoi.PREVU}


def test_un_lot_sans_destinataire_est_refuse() -> None:
    with pytest.raises(ErreurMetier, match="personne à qui envoyer"):
        deposer(0)


@pytest.mark.regle("RG-66")
def test_tous_les_courriels_partent_avec_leur_identifiant(boite: BoiteAuxLettres) -> None:
    envois = deposer(3)
    assert expedier(envois[0].lot).envoyes == 3
    assert sorted(boite.identifiants()) == sorted(envoi.message_id for envoi in envois)
    assert set(Envoi.objects.values_list("etat", flat=True)) == {EtatEnvoi.ENVOYE}


def test_expedier_deux_fois_n_envoie_rien_de_plus(boite: BoiteAuxLettres) -> None:
    lot = deposer(2)[0].lot
    expedier(lot)
    assert expedier(lot).envoyes == 0
    assert len(boite.recus) == 2


@pytest.mark.regle("RG-66")
def test_un_courriel_ne_porte_qu_un_lien(boite: BoiteAuxLettres) -> None:
    envoi = deposer(1)[0]
    expedier()
    texte = boite.recus[0].content.decode()  # type: ignore[union-attr]  # octets
    assert f"/recus/{envoi.cle}/" in texte.replace("=\n", "").replace("=\r\n", "")


@pytest.mark.regle("RG-66")
def test_un_processus_mort_en_plein_envoi_laisse_un_envoi_incertain_puis_repris(boite: BoiteAuxLettres) -> None:
    envoi = deposer(1)[0]
    il_y_a_peu = timezone.now() - timedelta(seconds=30)
    Envoi.objects.filter(pk=envoi.pk).update(etat=EtatEnvoi.EN_COURS, pris_le=il_y_a_peu, tentatives=1)
    assert reprendre_les_abandonnes() == 1
    envoi.refresh_from_db()
    assert envoi.etat == EtatEnvoi.INCERTAIN
    assert expedier().repris == 1
    envoi.refresh_from_db()
    assert (envoi.etat, envoi.incertain_le is not None) == (EtatEnvoi.REPRIS, True)
    assert boite.identifiants() == [envoi.message_id]
    assert not verifier_chaine(envoi.emetteur_id)


def test_un_envoi_qui_vient_d_etre_pris_n_est_pas_cru_abandonne() -> None:
    envoi = deposer(1)[0]
    Envoi.objects.filter(pk=envoi.pk).update(etat=EtatEnvoi.EN_COURS, pris_le=timezone.now(), tentatives=1)
    assert reprendre_les_abandonnes() == 0


@pytest.mark.regle("RG-66")
def test_une_liaison_rompue_apres_acceptation_est_incertaine_et_garde_le_message_id(boite: BoiteAuxLettres) -> None:
    envoi = deposer(1)[0]
    boite.rompre = 1
    assert expedier().incertains == 1
    envoi.refresh_from_db()
    assert envoi.etat == EtatEnvoi.INCERTAIN
    expedier()
    assert boite.identifiants() == [envoi.message_id] * 2


@pytest.mark.regle("RG-66")
def test_un_serveur_injoignable_met_en_echec_avec_un_nouvel_essai_et_ne_touche_pas_les_suivants(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    deposer(3)
    expedier()
    etats = sorted(Envoi.objects.values_list("etat", flat=True))
    assert etats == [EtatEnvoi.ECHEC, EtatEnvoi.PREVU, EtatEnvoi.PREVU]
    assert Envoi.objects.get(etat=EtatEnvoi.ECHEC).prochain_essai_le is not None


def test_une_adresse_refusee_pour_de_bon_n_est_pas_reessayee(boite: BoiteAuxLettres) -> None:
    boite.refus["r0@essai.example"] = "550 adresse inconnue"
    deposer(2)
    assert expedier().envoyes == 1
    echec = Envoi.objects.get(etat=EtatEnvoi.ECHEC)
    assert (echec.courriel, echec.prochain_essai_le) == ("r0@essai.example", None)


def test_un_refus_passager_est_reessaye_plus_tard(boite: BoiteAuxLettres) -> None:
    boite.refus["r0@essai.example"] = "451 revenez plus tard"
    deposer(1)
    expedier()
    assert Envoi.objects.get().prochain_essai_le is not None
    del boite.refus["r0@essai.example"]
    Envoi.objects.update(prochain_essai_le=timezone.now())
    assert expedier().envoyes == 1


@pytest.mark.regle("RG-18")
def test_sans_courriel_la_remise_attend_une_autre_voie(boite: BoiteAuxLettres) -> None:
    deposer_lot(
        acteur=Acteur.systeme(),
        emetteur=creer_bailleur(),
        message=MessageBilan("Habitat d'essai", "Val-de-Marne", 2025),
        destinataires=[Destinataire("Président de l'EPT")],
        objet=Objet(departement="94", annee=2025),
    )
    assert expedier().envoyes == 0
    assert (Envoi.objects.get().voie, Envoi.objects.get().etat) == (VoieEnvoi.RECOMMANDE, EtatEnvoi.PREVU)


@pytest.mark.regle("RG-66")
def test_un_nom_sur_deux_lignes_part_sur_une_et_un_courriel_impossible_n_arrete_pas_la_tournee(
    boite: BoiteAuxLettres,
) -> None:
    replie = deposer_lot(
        acteur=Acteur.systeme(),
        emetteur=creer_bailleur(),
        message=MessageBilan("Habitat d'essai", "Val-de-\r\nBcc: tous@essai.example", 2025),
        destinataires=[Destinataire("Réservataire", courriel="premier@essai.example")],
        objet=Objet(departement="94", annee=2025),
    )[0]
    assert "Val-de- Bcc: tous@essai.example" in replie.objet
    impossible, suivant = deposer(2)
    Envoi.objects.filter(pk=impossible.pk).update(courriel="r0\n@essai.example")
    tournee = expedier()
    assert (tournee.envoyes, tournee.echecs) == (2, 1)
    impossible.refresh_from_db()
    assert (impossible.etat, impossible.prochain_essai_le) == (EtatEnvoi.ECHEC, None)
    assert "ne peut pas s'écrire" in impossible.derniere_erreur
    assert sorted(boite.identifiants()) == sorted([replie.message_id, suivant.message_id])
