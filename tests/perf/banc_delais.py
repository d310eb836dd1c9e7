"""Banc des pages « Délais et vacance » : chaque page sur 100 000 libérations, dans le contexte d'un agent, p50, pire et requêtes SQL.

`python tests/perf/banc_delais.py [LIBERATIONS]`, dans une base migrée et jetable (`manage.py base_temporaire -- …`). Neuf libérations sur
dix ont un bail, daté de 2020 à aujourd'hui, produit par une orientation et un candidat accepté ; les autres attendent chacune leur étape.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.test")

LIBERATIONS, PASSAGES = 100_000, 5


def ecrire(ligne: str) -> None:
    """Une ligne de compte rendu."""
    sys.stdout.write(f"{ligne}\n")
    sys.stdout.flush()


def batir(nombre: int) -> Any:
    """Un bailleur, quatre libérations par logement, une orientation et un candidat chacune ; écrit en SQL. Rend un agent."""
    from django.db import connection

    from flux_reservations.socle.postgresql.base import en_proprietaire
    from tests.fabriques import creer_bailleur, creer_reservataire, creer_utilisateur

    bailleur, caf = creer_bailleur("Banc"), creer_reservataire("CAF94")
    logements = max(1, nombre // 4)
    with connection.cursor() as curseur:
        curseur.execute(
            "INSERT INTO conventions_logement (bailleur_id, identifiant, identifiant_rpls, programme, adresse, code_postal, commune_id,"
            " typologie, financement, etage, dpe, annexes, secteur)"
            " SELECT %s, 'B' || n, '', 'Résidence ' || n %% 200, n || ' rue du Banc', '',"
            " CASE WHEN n %% 2 = 0 THEN '94028' ELSE '94081' END, 'T' || 1 + n %% 5, 'PLUS', '', '', '', '' FROM generate_series(1, %s) n",
            [bailleur.pk, logements],
        )
        curseur.execute(
            "INSERT INTO attributions_liberation (bailleur_id, numero, logement_id, date_conge, date_disponibilite, nature, exclusion,"
            " motif_exclusion, retrait, motif_retrait, date_bail)"
            " SELECT %s, 'L' || n, g.premier + n %% %s, jour - 90, jour, 'relocation', '', '', '', '',"
            " CASE WHEN n %% 10 > 0 THEN jour + 5 + n %% 40 END"
            " FROM generate_series(1, %s) n,"
            " LATERAL (SELECT CASE WHEN n %% 10 > 0 THEN DATE '2020-01-01' + n %% (current_date - 50 - DATE '2020-01-01')"
            " ELSE current_date - n %% 200 END AS jour) j,"
            " (SELECT min(id) AS premier FROM conventions_logement WHERE bailleur_id = %s) g",
            [bailleur.pk, logements, nombre, bailleur.pk],
        )
        curseur.execute(
            "INSERT INTO attributions_orientation (liberation_id, rang, reservataire_id, sous_contingent, date_orientation, motif,"
            " compte_propose, phrase, etat_comptes, decision, issue, public, date_mise_a_disposition, date_proposition, date_caleol)"
            " SELECT id, 1, CASE WHEN id %% 3 = 0 THEN NULL ELSE %s END, '', date_disponibilite - 60, '', '', '', '{}',"
            " CASE WHEN date_bail IS NULL THEN '' ELSE 'attribution' END, CASE WHEN date_bail IS NULL THEN 'en_cours' ELSE 'bail' END, '',"
            " date_disponibilite - 55, CASE WHEN date_bail IS NULL AND id %% 4 = 0 THEN NULL ELSE date_disponibilite - 40 END,"
            " CASE WHEN date_bail IS NULL THEN NULL ELSE date_disponibilite - 20 END"
            " FROM attributions_liberation WHERE bailleur_id = %s AND (date_bail IS NOT NULL OR id %% 7 > 0)",
            [caf.pk, bailleur.pk],
        )
        curseur.execute(
            "INSERT INTO attributions_candidat (orientation_id, numero_demande, empreinte_demande, public, decision, motif, reponse,"
            " date_reponse)"
            " SELECT o.id, 'oublie-' || o.id, 'oublie-' || o.id, '', 'attribution', '', 'accepte', o.date_caleol + 8"
            " FROM attributions_orientation o JOIN attributions_liberation l ON l.id = o.liberation_id"
            " WHERE l.bailleur_id = %s AND o.issue = 'bail'",
            [bailleur.pk],
        )
    # Un rôle qui ne possède pas les tables ne les analyse pas : en production, autovacuum s'en charge.
    with en_proprietaire(connection), connection.cursor() as curseur:  # type: ignore[arg-type]  # le moteur est le nôtre
        curseur.execute("ANALYZE")
    return creer_utilisateur(bailleur)


def mesurer(client: Any, adresse: str) -> tuple[list[float], int]:
    """Millisecondes de chaque passage, après un premier qui chauffe, et nombre de requêtes SQL."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as vues:
        statut = client.get(adresse).status_code
        requetes = sum(not une["sql"].startswith(("SET ", "SELECT set_config")) for une in vues.captured_queries)
    if statut != 200:
        raise SystemExit(f"{adresse} : {statut}")
    durees = []
    for _ in range(PASSAGES):
        debut = time.perf_counter()
        client.get(adresse)
        durees.append((time.perf_counter() - debut) * 1000)
    return durees, requetes


def main() -> None:
    """Bâtit, mesure, dit."""
    django.setup()
    from django.test import Client

    nombre = int(sys.argv[1]) if len(sys.argv) > 1 else LIBERATIONS
    debut = time.perf_counter()
    client = Client()
    client.force_login(batir(nombre))
    ecrire(f"{nombre} libérations posées en {time.perf_counter() - debut:.0f} s")
    ecrire(f"{'page':<46}{'p50 (ms)':>10}{'pire (ms)':>11}{'requêtes':>10}")
    for nom, adresse in {
        "baux de l'année": "/delais/",
        "baux de toutes les années": "/delais/?annee=",
        "  triés par durée de réponse": "/delais/?annee=&tri=-reponse",
        "  page 500": "/delais/?annee=&page=500",
        "  d'un compte": "/delais/?annee=&compte=CAF94",
        "  recherche d'une résidence": "/delais/?annee=&q=Résidence 17",
        "libérations en attente": "/delais/en-attente/",
        "  qui attendent un candidat": "/delais/en-attente/?attente=presentation",
    }.items():
        durees, requetes = mesurer(client, adresse)
        ecrire(f"{nom:<46}{statistics.median(durees):>10.0f}{max(durees):>11.0f}{requetes:>10}")


if __name__ == "__main__":
    main()
