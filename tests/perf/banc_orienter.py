"""Banc de l'orientation en base : charger l'année, établir le lot, décider ; un bailleur de 12 000 logements, 1 000 libérations.

`python tests/perf/banc_orienter.py`, dans une base migrée (`manage.py base_temporaire -- python tests/perf/banc_orienter.py`). Le
jeu est créé dans une transaction annulée à la fin.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.test")

LOGEMENTS, LIBERATIONS, EN_ATTENTE, ESSAIS = 12_000, 1_000, 40, 5
LE = date(2025, 12, 1)


def ecrire(ligne: str) -> None:
    """Une ligne du tableau."""
    sys.stdout.write(f"{ligne}\n")


def chronometrer(travail: Callable[[], object]) -> float:
    """Médiane en millisecondes, après un tour à vide."""
    travail()
    durees = []
    for _ in range(ESSAIS):
        debut = time.perf_counter()
        travail()
        durees.append((time.perf_counter() - debut) * 1000)
    return statistics.median(durees)


def main() -> None:
    """Crée le jeu, mesure, annule."""
    django.setup()
    from django.db import connection, transaction
    from django.db.backends.postgresql.psycopg_any import DateRange
    from django.test.utils import CaptureQueriesContext

    from attributions.actions.lot import reviser_le_lot
    from attributions.actions.orienter import orienter
    from attributions.chargement.comptes import Comptes, etablir_le_lot
    from attributions.chargement.moteur import charger_annee_du_moteur
    from attributions.models import Liberation, Orientation
    from conventions.models import Logement, SituationLogement
    from flux_reservations.commun.acteur import Acteur
    from flux_reservations.socle.postgresql.base import en_proprietaire
    from tests.fabriques import creer_bailleur, creer_convention, creer_etat, creer_reservataire

    with transaction.atomic():
        bailleur = creer_bailleur()
        creer_convention(
            bailleur, creer_etat(), [("25", "prioritaires", "departement:94"), ("5", "agents", "departement:94")]
        )
        for rang in range(18):
            creer_convention(bailleur, creer_reservataire(f"R{rang:02d}"), [("3", "", "departement:94")])
        communes = ["94028", "94081", "94041", "94022", "94033", "94046", "94068", "94071"]
        logements = Logement.objects.bulk_create(
            [
                Logement(
                    bailleur=bailleur,
                    identifiant=f"N{rang:05d}",
                    commune_id=communes[rang * 7 % 8],
                    typologie=f"T{1 + rang * 11 % 6}",
                    financement=("PLUS", "PLAI", "PLS")[rang % 3],
                )
                for rang in range(LOGEMENTS)
            ]
        )
        SituationLogement.objects.bulk_create(
            [
                SituationLogement(logement=un, periode=DateRange(None, None), qpv="QN09401M" if rang % 5 == 0 else "")
                for rang, un in enumerate(logements)
            ]
        )
        liberations = Liberation.objects.bulk_create(
            [
                Liberation(
                    bailleur=bailleur,
                    numero=f"L{rang:05d}",
                    logement=logements[rang * 11],
                    date_disponibilite=date(2025, 1, 1) + timedelta(days=rang * 364 // LIBERATIONS),
                )
                for rang in range(LIBERATIONS)
            ]
        )
        Orientation.objects.bulk_create(
            [
                Orientation(liberation=une, rang=1, date_orientation=une.date_disponibilite)
                for une in liberations[: LIBERATIONS - EN_ATTENTE]
            ]
        )
        with en_proprietaire(connection), connection.cursor() as curseur:
            curseur.execute("ANALYZE")
        comptes, agent = Comptes(bailleur, "94", 2025), Acteur.systeme("banc")

        def reviser() -> None:
            reviser_le_lot(acteur=agent, bailleur_id=bailleur.pk, departement="94", annee=2025, le=LE, cause="banc")

        def montrer() -> None:
            etablir_le_lot(comptes, LE)[1].lignes()

        suivantes = iter(liberations[LIBERATIONS - EN_ATTENTE :])
        with CaptureQueriesContext(connection) as requetes:
            charger_annee_du_moteur(bailleur, "94", 2025)
        ecrire(
            f"{LIBERATIONS} libérations, {EN_ATTENTE} en attente, {LOGEMENTS} logements ; {len(requetes)} requêtes pour charger l'année"
        )
        ecrire(f"  charger l'année  {chronometrer(lambda: charger_annee_du_moteur(bailleur, '94', 2025)):7.0f} ms")
        ecrire(f"  réviser le lot   {chronometrer(reviser):7.0f} ms")
        ecrire(f"  montrer le lot   {chronometrer(montrer):7.0f} ms")
        ecrire(
            f"  décider          {chronometrer(lambda: orienter(acteur=agent, liberation_id=next(suivantes).pk, le=LE)):7.0f} ms"
        )
        transaction.set_rollback(True)


if __name__ == "__main__":
    main()
