"""Suivre un envoi : accusé, remise saisie, relance, rebond, nouvelle adresse (RG-66)."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from django.utils import timezone

from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import AccesRefuse, Conflit, ErreurMetier, Introuvable
from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
from flux_reservations.notifications.actions.suivre import (
    accuser_reception,
    enregistrer_remise,
    enregistrer_remises,
    reexpedier,
    relancer,
    signaler_rebond,
)
from flux_reservations.notifications.domaine.cycle_de_vie import RECULS, TRANSITIONS, Etat, recul
from flux_reservations.notifications.messages import MessageBilan
from flux_reservations.notifications.models import Envoi, EtatEnvoi, GenreEnvoi, VoieEnvoi
from tests.fabriques import acteur_de, creer_bailleur, creer_reservataire

pytestmark = pytest.mark.django_db


def deposer(courriel: str = "r@essai.example") -> tuple[Envoi, Acteur, Acteur]:
    """Un envoi, l'acteur qui l'émet, celui qui le reçoit."""
    bailleur, reservataire = creer_bailleur(), creer_reservataire()
    emetteur = acteur_de(bailleur)
    (envoi,) = deposer_lot(
        acteur=emetteur,
        emetteur=bailleur,
        message=MessageBilan(bailleur.nom, "Val-de-Marne", 2025),
        destinataires=[Destinataire(reservataire.nom, reservataire.pk, courriel)],
        objet=Objet(departement="94", annee=2025),
    )
    return envoi, emetteur, acteur_de(reservataire)


@pytest.mark.regle("RG-66")
def test_le_destinataire_accuse_reception_une_fois() -> None:
    envoi, _, recoit = deposer()
    assert accuser_reception(acteur=recoit, envoi_id=envoi.pk).etat == EtatEnvoi.RECU
    with pytest.raises(AccesRefuse):
        accuser_reception(acteur=recoit, envoi_id=envoi.pk)


def test_un_lecteur_n_accuse_pas_reception() -> None:
    envoi, _, recoit = deposer()
    with pytest.raises(AccesRefuse):
        accuser_reception(acteur=recoit.avec_role(Role.LECTEUR), envoi_id=envoi.pk)


def test_l_envoi_d_un_autre_est_introuvable() -> None:
    envoi, _, _ = deposer()
    with pytest.raises(Introuvable):
        accuser_reception(acteur=acteur_de(creer_reservataire()), envoi_id=envoi.pk)


@pytest.mark.regle("RG-66")
def test_une_remise_en_recommande_est_datee_et_referencee() -> None:
    envoi, emetteur, _ = deposer(courriel="")
    remis = enregistrer_remise(acteur=emetteur, envoi_id=envoi.pk, le=date(2026, 2, 20), reference="1A 234")
    assert (remis.etat, remis.voie, remis.reference_voie) == (EtatEnvoi.ENVOYE, VoieEnvoi.RECOMMANDE, "1A 234")


@pytest.mark.regle("RG-66")
def test_plusieurs_remises_s_enregistrent_d_un_bordereau_toutes_ou_aucune() -> None:
    envoi, emetteur, recoit = deposer(courriel="")
    second = Envoi.objects.get(pk=envoi.pk)
    second.pk, second.cle, second.lot = None, uuid.uuid4(), uuid.uuid4()
    second.save()
    accuser_reception(acteur=recoit, envoi_id=second.pk)
    with pytest.raises(Conflit):
        enregistrer_remises(
            acteur=emetteur, envois=[envoi.pk, second.pk], le=date(2026, 2, 12), reference="Bordereau 7"
        )
    assert not Envoi.objects.filter(reference_voie="Bordereau 7").exists()
    assert enregistrer_remises(acteur=emetteur, envois=[envoi.pk], le=date(2026, 2, 12), reference="Bordereau 7") == 1
    with pytest.raises(ErreurMetier) as refus:
        enregistrer_remises(acteur=emetteur, envois=[], le=date(2026, 2, 12), reference="Bordereau 7")
    assert refus.value.code == "rien_a_remettre"


def test_une_remise_a_venir_est_refusee() -> None:
    envoi, emetteur, _ = deposer(courriel="")
    with pytest.raises(ErreurMetier, match="à venir"):
        enregistrer_remise(
            acteur=emetteur, envoi_id=envoi.pk, le=timezone.localdate() + timedelta(days=1), reference="X"
        )


def test_une_remise_ne_s_enregistre_pas_sur_un_envoi_recu() -> None:
    envoi, emetteur, recoit = deposer()
    accuser_reception(acteur=recoit, envoi_id=envoi.pk)
    with pytest.raises(Conflit):
        enregistrer_remise(acteur=emetteur, envoi_id=envoi.pk, le=date(2026, 2, 20), reference="1A 234")


@pytest.mark.regle("RG-66")
def test_un_rebond_met_en_echec_puis_une_nouvelle_adresse_remet_en_file() -> None:
    envoi, emetteur, _ = deposer()
    Envoi.objects.filter(pk=envoi.pk).update(etat=EtatEnvoi.ENVOYE, envoye_le=timezone.now())
    assert signaler_rebond(acteur=emetteur, envoi_id=envoi.pk, raison="boîte pleine").etat == EtatEnvoi.ECHEC
    repris = reexpedier(acteur=emetteur, envoi_id=envoi.pk, courriel="autre@essai.example")
    assert (repris.etat, repris.courriel, repris.depose_le) == (EtatEnvoi.PREVU, "autre@essai.example", envoi.depose_le)


@pytest.mark.regle("RG-66")
def test_une_relance_rappelle_ce_qui_attend_un_accuse_une_fois_par_jour() -> None:
    envoi, emetteur, recoit = deposer()
    assert relancer(acteur=emetteur, envois=[envoi.pk]) == 1
    assert relancer(acteur=emetteur, envois=[envoi.pk]) == 0
    rappel = Envoi.objects.get(genre=GenreEnvoi.RAPPEL)
    assert envoi.adresse_de_remise in rappel.corps
    accuser_reception(acteur=recoit, envoi_id=envoi.pk)
    assert relancer(acteur=emetteur, envois=[envoi.pk]) == 0


def test_un_envoi_recu_ne_change_plus() -> None:
    assert TRANSITIONS[Etat.RECU] == frozenset()


def test_le_recul_croit_puis_s_arrete() -> None:
    reculs = [recul(tentative) for tentative in range(1, len(RECULS) + 2)]
    assert reculs[-1] is None
    assert reculs[:-1] == sorted(reculs[:-1])  # type: ignore[type-var]  # sans None
