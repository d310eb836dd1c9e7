"""Banc de l'API : lister un million de libérations, un nombre fixe de requêtes SQL par page, p95 par page.

`python -m tests.perf.banc_api [LIBERATIONS]`, dans une base migrée et jetable (`manage.py base_temporaire -- python -m
tests.perf.banc_api`). Le repère : p95 de 100 ms. Le jeu est retiré à la fin.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.perf.mesures import charge, ecrire

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.test")
os.environ["DEBIT_API"] = "1000000/min"

LIBERATIONS, PAGES, TAILLE, REPERE_MS = 1_000_000, 150, 50, 100


def batir(nombre: int) -> tuple[Any, Any]:
    """Un bailleur, un logement pour vingt libérations, neuf sur dix louées, la moitié orientée ; une mairie en lit une sur cinquante."""
    from django.db import connection

    from flux_reservations.socle.postgresql.base import en_proprietaire
    from tests.fabriques import creer_bailleur, creer_reservataire

    bailleur, mairie = creer_bailleur("Banc"), creer_reservataire("BANC", "commune", "commune:94028")
    autre = creer_reservataire("BANC2", "action_logement", "region:11")
    logements = max(1, nombre // 20)
    with connection.cursor() as curseur:
        curseur.execute(
            "INSERT INTO conventions_logement (bailleur_id, identifiant, identifiant_rpls, programme, adresse, code_postal, commune_id,"
            " typologie, financement, etage, dpe, annexes, secteur)"
            " SELECT %s, 'B' || n, '', '', '', '', CASE WHEN n %% 2 = 0 THEN '94028' ELSE '94081' END, 'T3', 'PLUS', '', '', '', ''"
            " FROM generate_series(1, %s) n",
            [bailleur.pk, logements],
        )
        curseur.execute(
            "INSERT INTO attributions_liberation (bailleur_id, numero, logement_id, date_disponibilite, date_bail, nature,"
            " exclusion, motif_exclusion, retrait, motif_retrait)"
            " SELECT %s, 'L' || n, g.premier + n %% %s, DATE '2005-01-01' + (n %% 7600)::int,"
            " CASE WHEN n %% 10 > 0 THEN DATE '2005-02-10' + (n %% 7600)::int END, 'relocation', '', '', '', ''"
            " FROM generate_series(1, %s) n,"
            " (SELECT min(id) AS premier FROM conventions_logement WHERE bailleur_id = %s) g",
            [bailleur.pk, logements, nombre, bailleur.pk],
        )
        curseur.execute(
            "INSERT INTO attributions_orientation (liberation_id, rang, reservataire_id, sous_contingent, date_orientation,"
            " date_mise_a_disposition, motif, compte_propose, phrase, etat_comptes, decision, issue, public)"
            " SELECT id, 1, CASE WHEN id %% 50 = 0 THEN %s ELSE %s END, '', date_disponibilite, date_disponibilite, '', '', '', '{}', '',"
            " CASE WHEN date_bail IS NULL THEN 'en_cours' ELSE 'bail' END, '' FROM attributions_liberation"
            " WHERE bailleur_id = %s AND id %% 2 = 0",
            [mairie.pk, autre.pk, bailleur.pk],
        )
    # Un rôle qui ne possède pas les tables ne les entretient pas : en production, autovacuum s'en charge.
    with en_proprietaire(connection), connection.cursor() as curseur:  # type: ignore[arg-type]  # le moteur est le nôtre
        curseur.execute("VACUUM ANALYZE")
    return bailleur, mairie


def ouvrir(organisme: Any) -> dict[str, str]:
    """Un jeton de lecture de cet organisme."""
    from flux_reservations.acces.jetons import Jeton, tirer_secret

    secret, empreinte = tirer_secret()
    Jeton.objects.create(organisme_id=organisme.pk, usage="banc", empreinte=empreinte, debut=secret[:12])
    return {"Authorization": f"Jeton {secret}"}


def mesurer(entetes: dict[str, str], adresses: list[str]) -> tuple[list[float], set[int]]:
    """Millisecondes de chaque page, et nombres de requêtes SQL vus."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client, durees, requetes = Client(), [], set()
    for adresse in adresses:
        debut = time.perf_counter()
        reponse = client.get(adresse, headers=entetes)
        durees.append((time.perf_counter() - debut) * 1000)
        if reponse.status_code != 200:
            raise SystemExit(f"{adresse} : {reponse.status_code}")
    for adresse in adresses[:5]:
        with CaptureQueriesContext(connection) as vues:
            client.get(adresse, headers=entetes)
        requetes.add(
            sum(not requete["sql"].startswith(("SET ", "SELECT set_config")) for requete in vues.captured_queries)
        )
    return durees, requetes


def tirer_les_adresses(bailleur: Any) -> dict[str, list[str]]:
    """Des pages tirées au sort : par curseur n'importe où, filtrées par numéro, par date, par commune."""
    import base64
    from urllib.parse import quote

    from attributions.models import Liberation

    cles = list(
        Liberation.objects.filter(bailleur=bailleur).order_by("pk").values_list("pk", flat=True)[:: max(1, 997)]
    )
    hasard = random.Random(1)  # noqa: S311 : une graine de mesure
    curseurs = [quote(base64.b64encode(f"p={cle}".encode()).decode()) for cle in hasard.choices(cles, k=PAGES)]
    racine = f"/api/v1/liberations/?taille={TAILLE}"
    return {
        "première page": [racine] * 30,
        "page quelconque": [f"{racine}&curseur={curseur}" for curseur in curseurs],
        "par numéro": [f"{racine}&numero=L{hasard.randrange(1, len(cles))}" for _ in range(50)],
        "par mois": [
            f"{racine}&disponible_du={annee}-03-01&disponible_au={annee}-03-31" for annee in range(2006, 2025)
        ],
        "par mois de bail": [
            f"{racine}&bail_du={annee}-03-01&bail_au={annee}-03-31&curseur={curseurs[annee - 2006]}"
            for annee in range(2006, 2025)
        ],
        "à louer": [f"{racine}&louee=false&curseur={curseur}" for curseur in curseurs[:30]],
        "orientées": [f"{racine}&orientee=true&curseur={curseur}" for curseur in curseurs[:30]],
        "par commune": [f"{racine}&commune=94028&curseur={curseur}" for curseur in curseurs[:50]],
    }


def retirer(bailleur: Any) -> None:
    """Vide ce que le banc a écrit."""
    from django.db import connection

    with connection.cursor() as curseur:
        curseur.execute(
            "DELETE FROM attributions_orientation o USING attributions_liberation l"
            " WHERE l.id = o.liberation_id AND l.bailleur_id = %s",
            [bailleur.pk],
        )
        curseur.execute("DELETE FROM attributions_liberation WHERE bailleur_id = %s", [bailleur.pk])
        curseur.execute("DELETE FROM conventions_logement WHERE bailleur_id = %s", [bailleur.pk])


def rapporter(qui: str, entetes: dict[str, str], adresses: dict[str, list[str]]) -> None:
    """Le tableau de ce que lit un organisme, la charge de la machine avec."""
    ecrire(f"\n{'lu par ' + qui:<24}{'p50 (ms)':>10}{'p95 (ms)':>10}{'requêtes':>10}{'charge':>10}")
    tout: list[float] = []
    for nom, liste in adresses.items():
        durees, requetes = mesurer(entetes, liste)
        tout += durees
        rangs = statistics.quantiles(durees, n=20)
        nombres = "/".join(map(str, sorted(requetes)))
        ecrire(f"{nom:<24}{statistics.median(durees):>10.1f}{rangs[18]:>10.1f}{nombres:>10}{charge():>10}")
    ecrire(f"p95 de l'ensemble : {statistics.quantiles(tout, n=20)[18]:.1f} ms (repère {REPERE_MS})")


def main() -> None:
    """Bâtit, mesure, dit, retire."""
    django.setup()
    from django.urls import get_resolver

    _ = get_resolver().url_patterns  # comme wsgi.py : les vues se chargent avant de servir
    nombre = int(sys.argv[1]) if len(sys.argv) > 1 else LIBERATIONS
    debut = time.perf_counter()
    bailleur, mairie = batir(nombre)
    ecrire(f"{nombre} libérations posées en {time.perf_counter() - debut:.0f} s")
    adresses = tirer_les_adresses(bailleur)
    for qui, organisme in (("le bailleur", bailleur), ("un réservataire", mairie)):
        rapporter(qui, ouvrir(organisme), adresses)
    retirer(bailleur)


if __name__ == "__main__":
    main()
