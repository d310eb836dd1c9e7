"""Les appels automatiques : signés, à qui peut lire, jamais perdus, jamais vers un réseau privé en production."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
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
from flux_reservations.echanges.webhooks import actions
from flux_reservations.echanges.webhooks.annonces import annoncer
from flux_reservations.echanges.webhooks.modeles import Abonnement, Appel, EtatAppel
from flux_reservations.echanges.webhooks.reseau import AdresseRefusee, est_publique, viser
from flux_reservations.socle.journal import journaliser
from tests.api.exemple import verifier_appel
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
        logiciel = self

        class Poignee(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                corps = self.rfile.read(int(self.headers["Content-Length"]))
                logiciel.recus.append(({nom.lower(): valeur for nom, valeur in self.headers.items()}, corps))
                self.send_response(logiciel.statut)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.send_header("Content-Length", "0")
                self.end_headers()

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


def abonner(organisme: Organisme, logiciel: Logiciel, *evenements: str) -> Abonnement:
    return actions.abonner(
        acteur=acteur_de(organisme, Role.RESPONSABLE),
        usage="essai",
        adresse=logiciel.adresse,
        evenements=evenements or TOUT,
    )


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


def test_changer_le_secret_rend_l_ancien_sans_valeur(bailleur: Bailleur, logiciel: Logiciel) -> None:
    appel = _poser(bailleur, logiciel)
    ancien = Abonnement.objects.get().secret
    nouveau = actions.changer_le_secret(
        acteur=acteur_de(bailleur, Role.RESPONSABLE), abonnement_id=appel.abonnement_id
    ).secret
    actions.livrer(appel.pk)
    entetes, corps = logiciel.recus[0]
    assert verifier_appel(nouveau, entetes, corps)["evenement"] == "essai"
    with pytest.raises(ValueError, match="signature fausse"):
        verifier_appel(ancien, entetes, corps)


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
