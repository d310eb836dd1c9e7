"""Les appels automatiques : signés, à qui peut lire, jamais perdus, jamais vers un réseau privé en production."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import time_machine
from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.test import Client
from django.utils import timezone

from attributions.actions.baux import signer_bail
from attributions.actions.mise_a_disposition import mettre_a_disposition
from attributions.actions.orienter import orienter
from attributions.models import Liberation, Orientation
from bilans.models import Bilan
from conventions.models import Bailleur, Reservataire
from flux_reservations.acces.models import Organisme, Utilisateur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import ErreurMetier, Introuvable
from flux_reservations.echanges.webhooks import actions, limites
from flux_reservations.echanges.webhooks.annonces import annoncer
from flux_reservations.echanges.webhooks.modeles import RELAIS, Abonnement, Appel, EtatAppel
from flux_reservations.echanges.webhooks.reseau import AdresseRefusee, est_publique, viser
from flux_reservations.socle.journal import journaliser
from tests.api.exemple import charger_recepteur, verifier_appel
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_convention,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)

pytestmark = pytest.mark.django_db


class Logiciel:
    """Un logiciel appelé : retient ce qu'il reçoit, répond ce qu'on lui dit."""

    def __init__(self) -> None:
        self.recus: list[tuple[dict[str, str], bytes]] = []
        self.statut = 200
        self.rendre: Callable[[str], str] = lambda defi: json.dumps({"defi": defi})
        logiciel = self

        class Poignee(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                corps = self.rfile.read(int(self.headers["Content-Length"]))
                lu, reponse = json.loads(corps), b""
                if lu["evenement"] == "verification":
                    reponse = logiciel.rendre(lu["objet"]["defi"]).encode()
                else:
                    logiciel.recus.append(({nom.lower(): valeur for nom, valeur in self.headers.items()}, corps))
                self.send_response(logiciel.statut)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.send_header("Content-Length", str(len(reponse)))
                self.end_headers()
                self.wfile.write(reponse)

            def log_message(self, *_: Any) -> None:
                """Rien."""

        self.serveur = ThreadingHTTPServer(("127.0.0.1", 0), Poignee)
        self.adresse = f"http://127.0.0.1:{self.serveur.server_address[1]}/appels?x=1"
        threading.Thread(target=self.serveur.serve_forever, daemon=True).start()


@pytest.fixture
def logiciel(settings: Any) -> Iterator[Logiciel]:
    settings.WEBHOOKS_ADRESSES_PRIVEES = True
    un = Logiciel()
    yield un
    un.serveur.shutdown()
    un.serveur.server_close()


@pytest.fixture
def bailleur() -> Bailleur:
    return creer_bailleur()


TOUT = ["liberation.orientee", "logement.mis_a_disposition", "bail.signe", "bilan.publie"]


def demander_un_abonnement(organisme: Organisme, logiciel: Logiciel, *evenements: str) -> Abonnement:
    return actions.abonner(
        acteur=acteur_de(organisme, Role.RESPONSABLE),
        usage="essai",
        adresse=logiciel.adresse,
        evenements=evenements or TOUT,
    )


def abonner(organisme: Organisme, logiciel: Logiciel, *evenements: str) -> Abonnement:
    """Un abonnement dont l'adresse a rendu son défi."""
    abonnement = demander_un_abonnement(organisme, logiciel, *evenements)
    verification = abonnement.appels.get()
    assert actions.livrer(verification.pk) == EtatAppel.LIVRE
    verification.delete()
    abonnement.refresh_from_db()
    return abonnement


def livrer() -> list[EtatAppel | None]:
    annoncer()
    return [actions.livrer(appel) for appel in actions.appels_dus()]


def preparer(bailleur: Bailleur) -> tuple[Liberation, Reservataire]:
    mairie = creer_reservataire("MAIRIE", "commune", "commune:94028")
    creer_convention(bailleur, mairie, [("100", "", "commune:94028")])
    return creer_liberation(creer_logement(bailleur), timezone.localdate()), mairie


def evenements(logiciel: Logiciel) -> list[str]:
    return [json.loads(corps)["evenement"] for _, corps in logiciel.recus]


@pytest.mark.regle("RG-41")
def test_une_orientation_est_annoncee_signee(bailleur: Bailleur, logiciel: Logiciel) -> None:
    abonnement = abonner(bailleur, logiciel)
    liberation, _ = preparer(bailleur)
    orienter(acteur=acteur_de(bailleur), liberation_id=liberation.pk, le=timezone.localdate())
    assert livrer() == [EtatAppel.LIVRE]
    entetes, corps = logiciel.recus[0]
    contenu = verifier_appel(abonnement.secret, entetes, corps)
    assert (contenu["evenement"], contenu["objet"]["numero"]) == ("liberation.orientee", liberation.numero)
    assert contenu["objet"]["orientations"][0]["compte"] == "MAIRIE"
    with pytest.raises(ValueError, match="signature fausse"):
        verifier_appel(abonnement.secret, entetes, corps + b" ")


def test_chaque_evenement_du_parcours_arrive_une_fois(bailleur: Bailleur, logiciel: Logiciel) -> None:
    abonner(bailleur, logiciel)
    liberation, _ = preparer(bailleur)
    acteur, jour = acteur_de(bailleur, Role.RESPONSABLE), timezone.localdate()
    orientation = orienter(acteur=acteur, liberation_id=liberation.pk, le=jour)
    mettre_a_disposition(acteur=acteur, orientation_id=orientation.pk, le=jour)
    livrer()
    assert livrer() == []
    assert sorted(evenements(logiciel)) == ["liberation.orientee", "logement.mis_a_disposition"]


def test_un_bail_et_un_bilan_sont_annonces(bailleur: Bailleur, logiciel: Logiciel) -> None:
    abonner(bailleur, logiciel)
    liberation, mairie = preparer(bailleur)
    orientation = creer_orientation(liberation, mairie, issue="bail")
    bilan = Bilan.objects.create(bailleur=bailleur, departement_id="94", annee=2025)
    for action, objet in (("signer_bail", orientation), ("signer_bail", liberation), ("publier_bilan", bilan)):
        journaliser(acteur=Acteur.systeme(), action=action, objet=objet, organisme_id=bailleur.pk)
    livrer()
    assert sorted(evenements(logiciel)) == ["bail.signe", "bilan.publie"]
    assert signer_bail.__name__ == "signer_bail"


def test_un_reservataire_n_est_prevenu_que_de_ce_qu_il_peut_lire(bailleur: Bailleur, logiciel: Logiciel) -> None:
    liberation, mairie = preparer(bailleur)
    abonner(mairie, logiciel)
    acteur, jour = acteur_de(bailleur), timezone.localdate()
    orientation = orienter(acteur=acteur, liberation_id=liberation.pk, le=jour)
    livrer()
    assert evenements(logiciel) == []
    mettre_a_disposition(acteur=acteur, orientation_id=orientation.pk, le=jour)
    livrer()
    assert evenements(logiciel) == ["logement.mis_a_disposition"]


def test_un_autre_bailleur_n_est_prevenu_de_rien(bailleur: Bailleur, logiciel: Logiciel) -> None:
    abonner(creer_bailleur(), logiciel)
    liberation, _ = preparer(bailleur)
    orienter(acteur=acteur_de(bailleur), liberation_id=liberation.pk, le=timezone.localdate())
    assert livrer() == []


def test_rien_d_anterieur_a_l_abonnement_n_est_annonce(bailleur: Bailleur, logiciel: Logiciel) -> None:
    liberation, _ = preparer(bailleur)
    orienter(acteur=acteur_de(bailleur), liberation_id=liberation.pk, le=timezone.localdate())
    abonner(bailleur, logiciel)
    assert livrer() == []


def _poser(bailleur: Bailleur, logiciel: Logiciel) -> Appel:
    abonnement = abonner(bailleur, logiciel)
    return actions.essayer_abonnement(acteur=acteur_de(bailleur, Role.RESPONSABLE), abonnement_id=abonnement.pk)


def test_un_refus_est_reessaye_de_plus_en_plus_tard_puis_abandonne(bailleur: Bailleur, logiciel: Logiciel) -> None:
    appel = _poser(bailleur, logiciel)
    logiciel.statut = 500
    attentes = []
    for _ in range(len(actions.ESSAIS) + 1):
        Appel.objects.update(prochain_essai_le=timezone.now())
        avant = timezone.now()
        etat = actions.livrer(appel.pk)
        appel.refresh_from_db()
        if appel.prochain_essai_le:
            attentes.append(round((appel.prochain_essai_le - avant).total_seconds() / 60))
    assert attentes == [1, 5, 30, 120, 480, 1440]
    assert etat == EtatAppel.ABANDONNE
    abonnement = Abonnement.objects.get()
    assert abonnement.desactive_le is not None
    assert "500" in abonnement.raison


def test_une_redirection_n_est_pas_suivie(bailleur: Bailleur, logiciel: Logiciel) -> None:
    appel = _poser(bailleur, logiciel)
    logiciel.statut = 302
    assert actions.livrer(appel.pk) == EtatAppel.PREVU
    appel.refresh_from_db()
    assert "302" in appel.derniere_erreur


def test_un_logiciel_parti_n_est_plus_appele_et_la_reprise_relance(bailleur: Bailleur, logiciel: Logiciel) -> None:
    appel = _poser(bailleur, logiciel)
    logiciel.statut = 410
    assert actions.livrer(appel.pk) == EtatAppel.ABANDONNE
    assert Abonnement.objects.get().desactive_le is not None
    logiciel.statut = 204
    actions.reprendre(acteur=acteur_de(bailleur, Role.RESPONSABLE), abonnement_id=appel.abonnement_id)
    assert livrer() == [EtatAppel.LIVRE]


def test_ce_qui_arrive_pendant_une_suspension_part_a_la_reprise(bailleur: Bailleur, logiciel: Logiciel) -> None:
    abonnement, acteur = abonner(bailleur, logiciel), acteur_de(bailleur, Role.RESPONSABLE)
    actions.suspendre(acteur=acteur, abonnement_id=abonnement.pk)
    liberation, _ = preparer(bailleur)
    orienter(acteur=acteur, liberation_id=liberation.pk, le=timezone.localdate())
    assert livrer() == []
    actions.reprendre(acteur=acteur, abonnement_id=abonnement.pk)
    assert livrer() == [EtatAppel.LIVRE]


def test_un_appel_dont_le_processus_est_mort_est_repris(bailleur: Bailleur, logiciel: Logiciel) -> None:
    appel = _poser(bailleur, logiciel)
    Appel.objects.update(etat="en_cours", pris_le=timezone.now())
    assert actions.livrer(appel.pk) is None
    Appel.objects.update(pris_le=timezone.now() - timedelta(minutes=5))
    assert actions.livrer(appel.pk) == EtatAppel.LIVRE


def test_rejouer_refait_l_appel_sous_la_meme_cle(bailleur: Bailleur, logiciel: Logiciel) -> None:
    appel = _poser(bailleur, logiciel)
    actions.livrer(appel.pk)
    actions.rejouer(acteur=acteur_de(bailleur, Role.RESPONSABLE), appel_id=appel.pk)
    actions.livrer(appel.pk)
    assert [entetes["webhook-id"] for entetes, _ in logiciel.recus] == [str(appel.cle)] * 2
    with pytest.raises(Introuvable):
        actions.rejouer(acteur=acteur_de(creer_bailleur(), Role.RESPONSABLE), appel_id=appel.pk)


class TestSecret:
    """Un secret se change sans couper les appels : l'ancien signe encore un jour."""

    def _changer(self, bailleur: Bailleur) -> Abonnement:
        acteur = acteur_de(bailleur, Role.RESPONSABLE)
        return actions.changer_le_secret(acteur=acteur, abonnement_id=Abonnement.objects.get().pk)

    def test_l_ancien_et_le_nouveau_signent_un_jour(self, bailleur: Bailleur, logiciel: Logiciel) -> None:
        appel = _poser(bailleur, logiciel)
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
        appel = _poser(bailleur, logiciel)
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


def test_le_recepteur_d_exemple_recoit_pour_de_vrai(bailleur: Bailleur, settings: Any) -> None:
    """docs/exemples/recepteur.py : le défi rendu, chaque appel traité une fois, une signature fausse refusée."""
    settings.WEBHOOKS_ADRESSES_PRIVEES = True
    traites: list[dict[str, Any]] = []
    serveur = charger_recepteur().Recepteur(("127.0.0.1", 0), "", traites.append)
    threading.Thread(target=serveur.serve_forever, daemon=True).start()
    try:
        acteur = acteur_de(bailleur, Role.RESPONSABLE)
        adresse = f"http://127.0.0.1:{serveur.server_address[1]}/"
        abonnement = actions.abonner(acteur=acteur, usage="essai", adresse=adresse, evenements=TOUT)
        assert livrer() == [EtatAppel.ABANDONNE]  # le secret n'y est pas encore rangé : 401
        serveur.secret = abonnement.secret
        Appel.objects.update(cree_le=timezone.now() - timedelta(minutes=2))
        actions.verifier_de_nouveau(acteur=acteur, abonnement_id=abonnement.pk)
        assert livrer() == [EtatAppel.LIVRE]
        liberation, _ = preparer(bailleur)
        orienter(acteur=acteur, liberation_id=liberation.pk, le=timezone.localdate())
        assert livrer() == [EtatAppel.LIVRE]
        actions.rejouer(acteur=acteur, appel_id=Appel.objects.get(evenement="liberation.orientee").pk)
        assert livrer() == [EtatAppel.LIVRE]
        assert [un["objet"]["numero"] for un in traites] == [liberation.numero]
    finally:
        serveur.shutdown()
        serveur.server_close()


def test_les_appels_ont_leur_file(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Un logiciel lent ne retarde pas les envois : la démonstration et docker-compose lui donnent son propre ouvrier."""
    envoyees: list[dict[str, Any]] = []
    settings.CELERY_BROKER_URL = "redis://essai"
    monkeypatch.setattr(current_app, "send_task", lambda nom, **options: envoyees.append({"nom": nom} | options))
    actions.lancer(7)
    assert [(une["nom"], une["args"], une["queue"]) for une in envoyees] == [("echanges.livrer_appel", [7], "appels")]
    for fichier in ("docker-compose.yml", "flux_reservations/embarque/application.py"):
        assert re.search(r'"-Q", "appels"', (settings.BASE_DIR / fichier).read_text())


@pytest.mark.parametrize(
    "ip",
    ["127.0.0.1", "10.1.2.3", "192.168.0.9", "169.254.169.254", "0.0.0.0",  # noqa: S104 : une adresse à refuser
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
    appel = _poser(bailleur, logiciel)
    settings.WEBHOOKS_ADRESSES_PRIVEES = False
    assert actions.livrer(appel.pk) == EtatAppel.PREVU
    assert logiciel.recus == []


def test_un_gestionnaire_n_abonne_pas(bailleur: Bailleur, logiciel: Logiciel) -> None:
    with pytest.raises(ErreurMetier):
        actions.abonner(acteur=acteur_de(bailleur), usage="x", adresse=logiciel.adresse, evenements=TOUT)


def test_l_ecran_abonne_montre_et_rejoue(bailleur: Bailleur, logiciel: Logiciel) -> None:
    acteur = acteur_de(bailleur, Role.RESPONSABLE)
    client = Client()
    client.force_login(Utilisateur.objects.get(pk=acteur.utilisateur_id))
    demande = {"usage": "Progiciel", "adresse": logiciel.adresse, "evenements": TOUT}
    fiche = client.post("/webhooks/abonner/", demande, follow=True)
    abonnement = Abonnement.objects.get()
    assert abonnement.secret in fiche.content.decode()
    assert livrer() == [EtatAppel.LIVRE]
    client.post(f"/webhooks/{abonnement.pk}/essayer/")
    livrer()
    page = client.get(f"/webhooks/{abonnement.pk}/").content.decode()
    assert "Livré" in page
    assert "Essai de Flux réservations" in page
    assert client.post("/webhooks/abonner/", demande).status_code == 422
    assert client.get("/webhooks/").content.decode().count("Progiciel") == 1


def test_le_corps_ne_porte_aucune_donnee_d_un_demandeur(bailleur: Bailleur, logiciel: Logiciel) -> None:
    abonner(bailleur, logiciel)
    liberation, mairie = preparer(bailleur)
    orientation = creer_orientation(liberation, mairie, date_mise_a_disposition=date(2026, 1, 2))
    Orientation.objects.filter(pk=orientation.pk).update(public="dalo")
    orientation.candidats.create(numero_demande="094032500000000001")
    journaliser(acteur=Acteur.systeme(), action="signer_bail", objet=liberation, organisme_id=bailleur.pk)
    livrer()
    assert b"094032500000000001" not in logiciel.recus[0][1]
    assert b"dalo" not in logiciel.recus[0][1]


def test_un_serveur_qui_goutte_ne_garde_pas_le_travailleur(
    bailleur: Bailleur, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOKS_ADRESSES_PRIVEES = True
    monkeypatch.setattr("flux_reservations.echanges.webhooks.reseau.ECHEANCE", 1)
    ecoute = socket.create_server(("127.0.0.1", 0))

    def goutter() -> None:
        prise, _ = ecoute.accept()
        with prise, suppress(OSError):
            prise.sendall(b"HTTP/1.1 200 OK\r\nX-Lent: ")
            for _ in range(60):
                prise.sendall(b"a")
                time.sleep(0.2)

    fil = threading.Thread(target=goutter, daemon=True)
    fil.start()
    abonnement = actions.abonner(
        acteur=acteur_de(bailleur, Role.RESPONSABLE),
        usage="lent",
        adresse=f"http://127.0.0.1:{ecoute.getsockname()[1]}/",
        evenements=TOUT,
    )
    Abonnement.objects.update(verifie_le=timezone.now())
    appel = actions.essayer_abonnement(acteur=acteur_de(bailleur, Role.RESPONSABLE), abonnement_id=abonnement.pk)
    debut = time.monotonic()
    assert actions.livrer(appel.pk) == EtatAppel.PREVU
    assert time.monotonic() - debut < 5
    fil.join(timeout=20)
    ecoute.close()


def test_un_processus_mort_a_chaque_essai_finit_par_abandonner(bailleur: Bailleur, logiciel: Logiciel) -> None:
    appel = _poser(bailleur, logiciel)
    passe = timezone.now() - timedelta(minutes=5)
    Appel.objects.update(etat="en_cours", pris_le=passe, tentatives=len(actions.ESSAIS) + 1)
    assert actions.livrer(appel.pk) is None
    appel.refresh_from_db()
    assert (appel.etat, logiciel.recus) == ("abandonne", [])


def test_une_limite_de_temps_compte_comme_un_essai_manque(
    bailleur: Bailleur, logiciel: Logiciel, monkeypatch: pytest.MonkeyPatch
) -> None:
    appel = _poser(bailleur, logiciel)

    def interrompre(_: Appel) -> int:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(actions, "_envoyer", interrompre)
    assert actions.livrer(appel.pk) == EtatAppel.PREVU
    appel.refresh_from_db()
    assert "Trop lent" in appel.derniere_erreur


def test_un_essai_par_minute_et_pas_de_double_rejeu(bailleur: Bailleur, logiciel: Logiciel) -> None:
    appel, acteur = _poser(bailleur, logiciel), acteur_de(bailleur, Role.RESPONSABLE)
    with pytest.raises(ErreurMetier, match="attendez une minute"):
        actions.essayer_abonnement(acteur=acteur, abonnement_id=appel.abonnement_id)
    with pytest.raises(ErreurMetier, match="déjà en route"):
        actions.rejouer(acteur=acteur, appel_id=appel.pk)


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
