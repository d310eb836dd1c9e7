"""L'adresse d'un appel automatique : vérifiée, publique, plafonnée, à secret tourné ; jamais un réseau privé en production."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from ipaddress import IPv4Address
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from attributions.actions.orienter import orienter
from conventions.models import Bailleur
from flux_reservations.acces.models import Organisme, Utilisateur
from flux_reservations.commun.acteur import Role
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.echanges.webhooks import actions, limites
from flux_reservations.echanges.webhooks.modeles import RELAIS, Abonnement, Appel, EtatAppel
from flux_reservations.echanges.webhooks.reseau import AdresseRefusee, est_publique, viser
from tests.api.exemple import verifier_appel
from tests.echanges.logiciel import TOUT, Logiciel, abonner, demander_un_abonnement, livrer, poser, preparer
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def bailleur() -> Bailleur:
    return creer_bailleur()


class TestSecret:
    """Un secret se change sans couper les appels : l'ancien signe encore un jour."""

    def _changer(self, bailleur: Bailleur) -> Abonnement:
        acteur = acteur_de(bailleur, Role.RESPONSABLE)
        return actions.changer_le_secret(acteur=acteur, abonnement_id=Abonnement.objects.get().pk)

    def test_l_ancien_et_le_nouveau_signent_un_jour(self, bailleur: Bailleur, logiciel: Logiciel) -> None:
        appel = poser(bailleur, logiciel)
        ancien = Abonnement.objects.get().secret
        nouveau = self._changer(bailleur).secret
        assert ancien != nouveau
        actions.livrer(appel.pk)
        for secret in (ancien, nouveau):
            assert verifier_appel(secret, *logiciel.recus[0])["evenement"] == "essai"
        Abonnement.objects.update(secret_change_le=timezone.now() - RELAIS)
        actions.rejouer(acteur=acteur_de(bailleur, Role.RESPONSABLE), appel_id=appel.pk)
        actions.livrer(appel.pk)
        assert verifier_appel(nouveau, *logiciel.recus[1])["evenement"] == "essai"
        with pytest.raises(ValueError, match="signature fausse"):
            verifier_appel(ancien, *logiciel.recus[1])

    def test_un_secret_perdu_se_change_deux_fois(self, bailleur: Bailleur, logiciel: Logiciel) -> None:
        appel = poser(bailleur, logiciel)
        perdu = Abonnement.objects.get().secret
        self._changer(bailleur)
        self._changer(bailleur)
        actions.livrer(appel.pk)
        with pytest.raises(ValueError, match="signature fausse"):
            verifier_appel(perdu, *logiciel.recus[0])


class TestVerification:
    """Une adresse n'est appelée qu'après avoir rendu un défi : on n'abonne pas l'adresse d'un autre."""

    def _verifier(self, bailleur: Bailleur) -> EtatAppel | None:
        Appel.objects.update(cree_le=timezone.now() - timedelta(minutes=2))
        acteur = acteur_de(bailleur, Role.RESPONSABLE)
        return actions.livrer(actions.verifier_de_nouveau(acteur=acteur, abonnement_id=Abonnement.objects.get().pk).pk)

    def test_rien_ne_part_avant_et_rien_d_avant_ne_part_apres(self, bailleur: Bailleur, logiciel: Logiciel) -> None:
        logiciel.rendre = lambda _: "ok"
        demander_un_abonnement(bailleur, logiciel)
        liberation, _ = preparer(bailleur)
        orienter(acteur=acteur_de(bailleur), liberation_id=liberation.pk, le=timezone.localdate())
        assert livrer() == [EtatAppel.ABANDONNE]
        assert livrer() == []
        logiciel.rendre = lambda defi: defi
        assert self._verifier(bailleur) == EtatAppel.LIVRE
        assert livrer() == []
        assert logiciel.recus == []

    @pytest.mark.parametrize(
        "rendre", [lambda _: "", lambda _: "{}", lambda _: '{"defi": 1}', lambda _: "[1]", lambda defi: defi[:-1]]
    )
    def test_une_reponse_sans_le_defi_ne_verifie_rien(
        self, bailleur: Bailleur, logiciel: Logiciel, rendre: Callable[[str], str]
    ) -> None:
        logiciel.rendre = rendre
        abonnement = demander_un_abonnement(bailleur, logiciel)
        assert livrer() == [EtatAppel.ABANDONNE]
        abonnement.refresh_from_db()
        assert (abonnement.verifie_le, abonnement.desactive_le) == (None, None)
        assert "défi" in Appel.objects.get().derniere_erreur

    def test_un_refus_ne_verifie_rien_meme_s_il_rend_le_defi(self, bailleur: Bailleur, logiciel: Logiciel) -> None:
        logiciel.statut = 403
        demander_un_abonnement(bailleur, logiciel)
        assert livrer() == [EtatAppel.ABANDONNE]
        assert Abonnement.objects.get().verifie_le is None

    def test_ni_essai_ni_rejeu_tant_que_l_adresse_n_est_pas_verifiee(
        self, bailleur: Bailleur, logiciel: Logiciel
    ) -> None:
        logiciel.rendre = lambda _: ""
        abonnement, acteur = demander_un_abonnement(bailleur, logiciel), acteur_de(bailleur, Role.RESPONSABLE)
        livrer()
        with pytest.raises(ErreurMetier, match="pas vérifiée"):
            actions.essayer_abonnement(acteur=acteur, abonnement_id=abonnement.pk)
        with pytest.raises(ErreurMetier, match="ne sert qu'une fois"):
            actions.rejouer(acteur=acteur, appel_id=Appel.objects.get().pk)
        with pytest.raises(ErreurMetier, match="attendez une minute"):
            actions.verifier_de_nouveau(acteur=acteur, abonnement_id=abonnement.pk)

    def test_suspendre_puis_reprendre_ne_verifie_pas(self, bailleur: Bailleur, logiciel: Logiciel) -> None:
        logiciel.rendre = lambda _: ""
        abonnement, acteur = demander_un_abonnement(bailleur, logiciel), acteur_de(bailleur, Role.RESPONSABLE)
        livrer()
        actions.suspendre(acteur=acteur, abonnement_id=abonnement.pk)
        actions.reprendre(acteur=acteur, abonnement_id=abonnement.pk)
        assert livrer() == []
        assert Abonnement.objects.get().verifie_le is None

    def test_l_ecran_le_dit_et_renvoie_le_defi(self, bailleur: Bailleur, logiciel: Logiciel) -> None:
        logiciel.rendre = lambda _: ""
        abonnement = demander_un_abonnement(bailleur, logiciel)
        livrer()
        client = Client()
        client.force_login(Utilisateur.objects.get(pk=acteur_de(bailleur, Role.RESPONSABLE).utilisateur_id))
        assert "Adresse à vérifier" in client.get(f"/webhooks/{abonnement.pk}/").content.decode()
        Appel.objects.update(cree_le=timezone.now() - timedelta(minutes=2))
        client.post(f"/webhooks/{abonnement.pk}/verifier/")
        logiciel.rendre = lambda defi: defi
        livrer()
        page = client.get(f"/webhooks/{abonnement.pk}/").content.decode()
        assert "Adresse à vérifier" not in page
        assert "Faire un essai" in page


class TestLimites:
    """Un organisme ne fait pas tirer le serveur sur l'adresse d'un autre."""

    def _abonner(self, organisme: Organisme, logiciel: Logiciel, rang: int) -> Abonnement:
        acteur = acteur_de(organisme, Role.RESPONSABLE)
        return actions.abonner(acteur=acteur, usage="x", adresse=f"{logiciel.adresse}&n={rang}", evenements=TOUT)

    def test_abonner_et_desabonner_sans_fin_s_arrete(self, bailleur: Bailleur, logiciel: Logiciel) -> None:
        acteur = acteur_de(bailleur, Role.RESPONSABLE)
        for rang in range(limites.VERIFICATIONS_AU_PLUS):
            actions.desabonner(acteur=acteur, abonnement_id=self._abonner(bailleur, logiciel, rang).pk)
        with pytest.raises(ErreurMetier, match="20 vérifications en une heure"):
            self._abonner(bailleur, logiciel, 100)
        assert not Abonnement.objects.exists()
        assert self._abonner(creer_bailleur("Voisin"), logiciel, 100).pk
        with time_machine.travel(timezone.now() + limites.FENETRE):
            assert self._abonner(bailleur, logiciel, 100).pk

    def test_verifier_de_nouveau_compte_aussi(
        self, bailleur: Bailleur, logiciel: Logiciel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limites, "VERIFICATIONS_AU_PLUS", 2)
        abonnement, acteur = self._abonner(bailleur, logiciel, 1), acteur_de(bailleur, Role.RESPONSABLE)
        for _ in range(2):
            Appel.objects.update(cree_le=timezone.now() - timedelta(minutes=2))
            dernier = Appel.objects.count()
            with suppress(ErreurMetier):
                actions.verifier_de_nouveau(acteur=acteur, abonnement_id=abonnement.pk)
        assert (dernier, Appel.objects.count()) == (2, 2)

    def test_un_organisme_a_un_nombre_d_abonnements_borne(
        self, bailleur: Bailleur, logiciel: Logiciel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limites, "ABONNEMENTS_AU_PLUS", 2)
        for rang in range(2):
            self._abonner(bailleur, logiciel, rang)
        with pytest.raises(ErreurMetier, match="supprimez ceux qui ne servent plus"):
            self._abonner(bailleur, logiciel, 2)
        assert (Abonnement.objects.count(), Appel.objects.count()) == (2, 2)

    @pytest.mark.parametrize("la_nuit_passe", [True, False])
    def test_une_longue_suspension_redemande_une_verification(
        self, bailleur: Bailleur, logiciel: Logiciel, la_nuit_passe: bool
    ) -> None:
        abonnement, acteur = abonner(bailleur, logiciel), acteur_de(bailleur, Role.RESPONSABLE)
        client = Client()
        client.force_login(Utilisateur.objects.get(pk=acteur.utilisateur_id))
        for jours, verifiee in ((29, True), (30, False)):
            Abonnement.objects.update(desactive_le=timezone.now() - timedelta(days=jours))
            if la_nuit_passe:
                assert limites.perimer_les_verifications(timezone.now()) == (0 if verifiee else 1)
            page = client.post(f"/webhooks/{abonnement.pk}/reprendre/", follow=True).content.decode()
            abonnement.refresh_from_db()
            assert (abonnement.desactive_le, abonnement.verifie_le is not None) == (None, verifiee)
            assert ("faites vérifier son adresse" in page) is not verifiee
        appel = actions.verifier_de_nouveau(acteur=acteur, abonnement_id=abonnement.pk)
        assert actions.livrer(appel.pk) == EtatAppel.LIVRE
        abonnement.refresh_from_db()
        assert abonnement.verifie_le is not None


@pytest.mark.parametrize(
    "ip",
    ["127.0.0.1", "10.1.2.3", "192.168.0.9", "169.254.169.254", str(IPv4Address(0)),
     "::1", "fe80::1%eth0", "fd00::1", "100.64.0.1",
     "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "fec0::1"],
)  # fmt: skip
def test_une_ip_privee_n_est_pas_publique(ip: str) -> None:
    assert not est_publique(ip)
    assert est_publique("93.184.216.34")


@pytest.mark.parametrize(
    "adresse",
    ["http://exemple.fr/", "https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://0x7f000001/", "https://2130706433/",
     "https://qui:secret@93.184.216.34/", "https://", "https://93.184.216.34:0/", "https://93.184.216.34:99999/", "file:///etc/passwd",
     "https://[::ffff:10.0.0.1]/", "https://93.184.216.34/é", "https://93.184.216.34/a b"],
)  # fmt: skip
def test_en_production_une_adresse_privee_ou_en_clair_est_refusee(settings: Any, adresse: str) -> None:
    settings.WEBHOOKS_ADRESSES_PRIVEES = False
    with pytest.raises(AdresseRefusee):
        viser(adresse)


def test_un_nom_qui_devient_prive_n_est_pas_appele(bailleur: Bailleur, logiciel: Logiciel, settings: Any) -> None:
    appel = poser(bailleur, logiciel)
    settings.WEBHOOKS_ADRESSES_PRIVEES = False
    assert actions.livrer(appel.pk) == EtatAppel.PREVU
    assert logiciel.recus == []


def test_un_gestionnaire_n_abonne_pas(bailleur: Bailleur, logiciel: Logiciel) -> None:
    with pytest.raises(ErreurMetier):
        actions.abonner(acteur=acteur_de(bailleur), usage="x", adresse=logiciel.adresse, evenements=TOUT)


def test_une_redirection_n_est_pas_suivie(bailleur: Bailleur, logiciel: Logiciel) -> None:
    appel = poser(bailleur, logiciel)
    logiciel.statut = 302
    assert actions.livrer(appel.pk) == EtatAppel.PREVU
    appel.refresh_from_db()
    assert "302" in appel.derniere_erreur
