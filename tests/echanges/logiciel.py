"""Un logiciel appelé, son abonnement, et de quoi lui livrer ses appels."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.utils import timezone

from attributions.models import Liberation
from conventions.models import Bailleur, Reservataire
from flux_reservations.acces.models import Organisme
from flux_reservations.commun.acteur import Role
from flux_reservations.echanges.webhooks import actions
from flux_reservations.echanges.webhooks.annonces import annoncer
from flux_reservations.echanges.webhooks.modeles import Abonnement, Appel, EtatAppel
from tests.fabriques import (
    acteur_de,
    creer_convention,
    creer_liberation,
    creer_logement,
    creer_reservataire,
)

TOUT = ["liberation.orientee", "logement.mis_a_disposition", "bail.signe", "bilan.publie"]


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


def poser(bailleur: Bailleur, logiciel: Logiciel) -> Appel:
    abonnement = abonner(bailleur, logiciel)
    return actions.essayer_abonnement(acteur=acteur_de(bailleur, Role.RESPONSABLE), abonnement_id=abonnement.pk)
