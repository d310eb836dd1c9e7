"""Les appels automatiques : signés, à qui peut lire, jamais perdus."""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.test import Client
from django.utils import timezone

from attributions.actions.baux import signer_bail
from attributions.actions.mise_a_disposition import mettre_a_disposition
from attributions.actions.orienter import orienter
from attributions.models import Orientation
from bilans.models import Bilan
from conventions.models import Bailleur
from flux_reservations.acces.models import Utilisateur
from flux_reservations.commun.acteur import Acteur, Role
from flux_reservations.commun.erreurs import ErreurMetier, Introuvable
from flux_reservations.echanges.webhooks import actions
from flux_reservations.echanges.webhooks.modeles import Abonnement, Appel, EtatAppel
from flux_reservations.socle.journal import journaliser
from tests.api.exemple import charger_recepteur, verifier_appel
from tests.echanges.logiciel import TOUT, Logiciel, abonner, evenements, livrer, poser, preparer
from tests.fabriques import (
    acteur_de,
    creer_bailleur,
    creer_orientation,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def bailleur() -> Bailleur:
    return creer_bailleur()


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


def test_un_refus_est_reessaye_de_plus_en_plus_tard_puis_abandonne(bailleur: Bailleur, logiciel: Logiciel) -> None:
    appel = poser(bailleur, logiciel)
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


def test_un_logiciel_parti_n_est_plus_appele_et_la_reprise_relance(bailleur: Bailleur, logiciel: Logiciel) -> None:
    appel = poser(bailleur, logiciel)
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
    appel = poser(bailleur, logiciel)
    Appel.objects.update(etat="en_cours", pris_le=timezone.now())
    assert actions.livrer(appel.pk) is None
    Appel.objects.update(pris_le=timezone.now() - timedelta(minutes=5))
    assert actions.livrer(appel.pk) == EtatAppel.LIVRE


def test_rejouer_refait_l_appel_sous_la_meme_cle(bailleur: Bailleur, logiciel: Logiciel) -> None:
    appel = poser(bailleur, logiciel)
    actions.livrer(appel.pk)
    actions.rejouer(acteur=acteur_de(bailleur, Role.RESPONSABLE), appel_id=appel.pk)
    actions.livrer(appel.pk)
    assert [entetes["webhook-id"] for entetes, _ in logiciel.recus] == [str(appel.cle)] * 2
    with pytest.raises(Introuvable):
        actions.rejouer(acteur=acteur_de(creer_bailleur(), Role.RESPONSABLE), appel_id=appel.pk)


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
    appel = poser(bailleur, logiciel)
    passe = timezone.now() - timedelta(minutes=5)
    Appel.objects.update(etat="en_cours", pris_le=passe, tentatives=len(actions.ESSAIS) + 1)
    assert actions.livrer(appel.pk) is None
    appel.refresh_from_db()
    assert (appel.etat, logiciel.recus) == ("abandonne", [])


def test_une_limite_de_temps_compte_comme_un_essai_manque(
    bailleur: Bailleur, logiciel: Logiciel, monkeypatch: pytest.MonkeyPatch
) -> None:
    appel = poser(bailleur, logiciel)

    def interrompre(_: Appel) -> int:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(actions, "_envoyer", interrompre)
    assert actions.livrer(appel.pk) == EtatAppel.PREVU
    appel.refresh_from_db()
    assert "Trop lent" in appel.derniere_erreur


def test_un_essai_par_minute_et_pas_de_double_rejeu(bailleur: Bailleur, logiciel: Logiciel) -> None:
    appel, acteur = poser(bailleur, logiciel), acteur_de(bailleur, Role.RESPONSABLE)
    with pytest.raises(ErreurMetier, match="attendez une minute"):
        actions.essayer_abonnement(acteur=acteur, abonnement_id=appel.abonnement_id)
    with pytest.raises(ErreurMetier, match="déjà en route"):
        actions.rejouer(acteur=acteur, appel_id=appel.pk)
