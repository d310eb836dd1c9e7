"""La documentation d'intégration : ses exemples s'exécutent contre l'application, et elle cite ce qui existe."""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from conventions.models import Bailleur
from flux_reservations.acces.jetons import Jeton, Portee, tirer_secret
from flux_reservations.api import routeur
from flux_reservations.echanges import depot, traitement
from flux_reservations.echanges.tableaux import TABLEAUX
from flux_reservations.echanges.tableaux.rpls import Rpls
from flux_reservations.echanges.tableaux.rpls_codes import COLONNES, QUARTIERS, SUFFIXES
from flux_reservations.echanges.webhooks.modeles import Abonnement, Evenement
from flux_reservations.socle.models import EntreeJournal
from tests.api.exemple import DOCS, charger_recepteur
from tests.fabriques import creer_bailleur, creer_convention, creer_etat, creer_logement

DOCUMENT = (DOCS / "integration.md").read_text(encoding="utf-8")
EXEMPLES = re.findall(r"```python\n(.*?)```", DOCUMENT, flags=re.DOTALL)


def _preparer() -> tuple[Bailleur, str]:
    bailleur = creer_bailleur()
    creer_convention(bailleur, creer_etat(), [("30", "prioritaires", "departement:94")])
    creer_logement(bailleur, "94028", identifiant="L1")
    secret, empreinte = tirer_secret()
    Jeton.objects.create(
        organisme_id=bailleur.pk, usage="doc", portee=Portee.ECRITURE, empreinte=empreinte, debut=secret[:12]
    )
    return bailleur, secret


def _travailler(nom: str, import_id: int) -> None:
    """Un travailleur, comme le ferait Celery : un autre fil, en système, une fois la transaction validée."""
    assert nom == depot.TACHE

    def travailler() -> None:
        try:
            traitement.traiter(import_id)
        finally:
            connection.close()

    transaction.on_commit(threading.Thread(target=travailler).start)


@pytest.mark.django_db(transaction=True)
def test_les_exemples_s_executent(
    live_server: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depot, "envoyer_apres_validation", _travailler)
    bailleur, secret = _preparer()
    charger_recepteur()
    abonnement = Abonnement(organisme_id=bailleur.pk, usage="doc", sel=uuid.uuid4())
    corps = json.dumps({"evenement": "essai", "objet": {}}).encode()
    cle, maintenant = uuid.uuid4(), int(time.time())
    entetes = {
        "webhook-id": str(cle),
        "webhook-timestamp": str(maintenant),
        "webhook-signature": abonnement.signer(cle, maintenant, corps),
    }
    monde = {"SITE": live_server.url, "JETON": secret, "SECRET": abonnement.secret, "ENTETES": entetes, "CORPS": corps}
    monde |= {"LOGEMENT": "L1", "PATRIMOINE": f"bailleur;identifiant;commune;typologie\n{bailleur.siren};L2;94028;T2\n"}
    assert len(EXEMPLES) >= 6
    for exemple in EXEMPLES:
        exec(compile(exemple, "docs/integration.md", "exec"), monde)  # noqa: S102 : notre documentation
    sortie = capsys.readouterr().out
    assert "BAILLEUR 1" in sortie
    assert "404 Introuvable" in sortie
    liberation = bailleur.liberations.get()
    assert (liberation.date_disponibilite.isoformat(), liberation.orientations.count()) == ("2026-12-18", 1)
    assert "motif_obligatoire motif" in sortie
    motifs = EntreeJournal.objects.filter(action="decaler_la_disponibilite").values_list("motif", "avant", "apres")
    assert list(motifs) == [
        (
            "Travaux de remise en état prolongés",
            {"date_disponibilite": "2026-12-15"},
            {"date_disponibilite": "2026-12-18"},
        )
    ]
    assert "422 Aucune décision favorable" in sortie
    assert "essaye 1" in sortie
    assert bailleur.logements.count() == 2


def test_elle_cite_chaque_ressource_chaque_evenement_et_chaque_colonne_rpls() -> None:
    ressources = {prefixe for prefixe, _, _ in routeur.registry}
    cites = set(re.findall(r"`([^`\s]+)`", DOCUMENT))
    assert ressources <= cites
    assert {code for code, _ in Evenement.choices} <= cites
    assert {colonne.upper() for colonne in (*COLONNES, *QUARTIERS)} <= cites
    assert set(Rpls().colonnes_lues()) == set(QUARTIERS) | {
        f"{nom}{suffixe}" for nom in COLONNES for suffixe in SUFFIXES
    }
    assert {tableau.nom for tableau in TABLEAUX} - {"bailleurs", "reservataires"} <= cites


@pytest.mark.django_db
def test_la_page_la_rend_a_tous() -> None:
    page = Client().get("/integration/").content.decode()
    assert '<h2 id="webhooks">' in page
    assert '<a href="#rpls">' in page
    assert "<script>" not in page
