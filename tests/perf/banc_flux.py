"""Banc du flux : un bailleur de 12 000 logements et trois ans d'histoire, face à la requête SQL écrite à la main.

`python tests/perf/banc_flux.py`, dans une base migrée (`manage.py base_temporaire -- python tests/perf/banc_flux.py`). La base
doit être vide : le jeu y reste. Le repère : 200 ms côté serveur, deux fois la requête SQL au plus, un nombre fixe de requêtes.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.test")

LOGEMENTS, PAR_AN, ANNEE, ESSAIS = 12_000, 1_000, 2025, 7


def ecrire(ligne: str) -> None:
    """Une ligne du tableau."""
    sys.stdout.write(f"{ligne}\n")


def chronometrer(travail: Callable[[], object], essais: int = ESSAIS) -> tuple[float, float]:
    """Médiane et meilleur temps en millisecondes, après un tour à vide ; le meilleur dit ce que vaut une machine libre."""
    travail()
    durees = []
    for _ in range(essais):
        debut = time.perf_counter()
        travail()
        durees.append((time.perf_counter() - debut) * 1000)
    return statistics.median(durees), min(durees)


def main() -> None:
    """Crée le jeu, mesure, écrit le tableau."""
    django.setup()
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from attributions.chargement.decompte import charger_conversion
    from bilans.calcul import calculer_annee
    from bilans.chargement import charger_faits_flux
    from bilans.domaine.controles import controler_flux
    from bilans.domaine.flux import calculer_flux
    from bilans.domaine.lignes import calculer_lignes
    from bilans.recoupement_sql import calculer_en_sql
    from conventions.domaine.conversion import convertir_stock
    from conventions.models import Bailleur
    from flux_reservations.commun.calendrier import premier_janvier
    from flux_reservations.socle.postgresql.base import en_proprietaire
    from tests.jeu_aleatoire import JeuAleatoire

    if Bailleur.objects.exists():
        sys.exit("Le banc veut une base vide : manage.py base_temporaire -- python tests/perf/banc_flux.py")
    bailleur = JeuAleatoire(1, logements=LOGEMENTS, par_an=PAR_AN).bailleur
    with en_proprietaire(connection), connection.cursor() as curseur:
        curseur.execute("ANALYZE")
    faits = charger_faits_flux(bailleur, "94", ANNEE)
    flux = calculer_flux(faits)
    with CaptureQueriesContext(connection) as requetes:
        calculer_annee(bailleur, "94", ANNEE)
    mesures = {
        "calcul complet (chargement, flux, contrôles)": lambda: calculer_annee(bailleur, "94", ANNEE),
        "  dont chargement": lambda: charger_faits_flux(bailleur, "94", ANNEE),
        "  dont flux (pur)": lambda: calculer_flux(faits),
        "  dont contrôles (pur)": lambda: controler_flux(faits, flux),
        "lignes du bilan (pur)": lambda: calculer_lignes(faits, flux),
        "conversion du stock": lambda: convertir_stock(charger_conversion(bailleur, "94", premier_janvier(ANNEE + 1))),
        "second chemin, en SQL écrit à la main": lambda: calculer_en_sql(bailleur.pk, "94", ANNEE),
    }
    ecrire(
        f"{LOGEMENTS} logements, {3 * PAR_AN} libérations, {len(faits.conventions.versions)} versions de conventions"
    )
    ecrire(
        f"A = {flux.assiette.mises_en_location}, C = {flux.assiette.flux}, {len(flux.comptes)} comptes ; {len(requetes)} requêtes"
    )
    for nom, travail in mesures.items():
        mediane, meilleur = chronometrer(travail)
        ecrire(f"{nom:<50} {mediane:8.1f} ms (meilleur : {meilleur:.1f} ms)")


if __name__ == "__main__":
    main()
