"""Banc du flux : un bailleur de 12 000 logements et trois ans d'histoire, face à la meilleure requête SQL écrite à la main.

`manage.py base_temporaire -- python tests/perf/banc_flux.py` ; la base doit être vide : le jeu y reste. Trois repères, et la sortie 1
si l'un manque : 200 ms côté serveur, un nombre fixe de requêtes, deux fois la requête SQL au plus. Les deux chemins rendent les mêmes
nombres (A, B, C, droits, reports, décomptes, soldes, repli : comparés ici, compte par compte) avant d'être chronométrés ; ils le
sont en alternance, pour qu'une machine chargée pèse autant sur l'un que sur l'autre.
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

LOGEMENTS, PAR_AN, ANNEE, ESSAIS = 12_000, 1_000, 2025, 21
REPERE_MS, RAPPORT_AU_PLUS = 200, 2


def ecrire(ligne: str) -> None:
    """Une ligne du tableau."""
    sys.stdout.write(f"{ligne}\n")


def chronometrer(travail: Callable[[], object]) -> float:
    """Durée en millisecondes."""
    debut = time.perf_counter()
    travail()
    return (time.perf_counter() - debut) * 1000


def alterner(*travaux: Callable[[], object], essais: int = ESSAIS) -> list[list[float]]:
    """Durées de chaque travail, tour après tour, après un tour à vide."""
    for travail in travaux:
        travail()
    tours = [[chronometrer(travail) for travail in travaux] for _ in range(essais)]
    return [list(durees) for durees in zip(*tours, strict=True)]


def dire(nom: str, durees: list[float]) -> None:
    """Médiane et meilleur temps ; le meilleur dit ce que vaut une machine libre."""
    ecrire(f"{nom:<58} {statistics.median(durees):8.1f} ms (meilleur : {min(durees):.1f} ms)")


def main() -> int:
    """Crée le jeu, vérifie que les deux chemins s'accordent, mesure, juge."""
    django.setup()
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from attributions.chargement.decompte import charger_conversion
    from bilans.calcul import calculer_annee
    from bilans.chargement import charger_faits_flux
    from bilans.domaine.controles import controler_flux
    from bilans.domaine.flux import calculer_flux
    from bilans.domaine.lignes import calculer_lignes
    from bilans.recoupement import verifier_annee
    from bilans.recoupement_sql import calculer_en_sql
    from conventions.domaine.conversion import convertir_stock
    from conventions.models import Bailleur
    from flux_reservations.commun.calendrier import premier_janvier
    from flux_reservations.socle.postgresql.base import en_proprietaire
    from tests.jeu_aleatoire import JeuAleatoire

    if Bailleur.objects.exists():
        sys.exit("Le banc veut une base vide : manage.py base_temporaire -- python tests/perf/banc_flux.py")
    bailleurs = [
        JeuAleatoire(1, logements=LOGEMENTS, par_an=PAR_AN).bailleur,
        JeuAleatoire(2, logements=LOGEMENTS // 10, par_an=PAR_AN // 10).bailleur,
    ]
    bailleur = bailleurs[0]
    with en_proprietaire(connection), connection.cursor() as curseur:
        curseur.execute("ANALYZE")
    divergences = [divergence for un in bailleurs for divergence in verifier_annee(un, "94", ANNEE)]
    requetes = []
    for un in bailleurs:
        with CaptureQueriesContext(connection) as capture:
            calculer_annee(un, "94", ANNEE)
        requetes.append(len(capture))
    faits = charger_faits_flux(bailleur, "94", ANNEE)
    flux = calculer_flux(faits)
    ecrire(
        f"{LOGEMENTS} logements, {3 * PAR_AN} libérations, {len(faits.conventions.versions)} versions de conventions ; "
        f"A = {flux.assiette.mises_en_location}, C = {flux.assiette.flux}, {len(flux.comptes)} comptes"
    )
    complet, en_sql, chargement, pur, controles = alterner(
        lambda: calculer_annee(bailleur, "94", ANNEE),
        lambda: calculer_en_sql(bailleur.pk, "94", ANNEE),
        lambda: charger_faits_flux(bailleur, "94", ANNEE),
        lambda: calculer_flux(faits),
        lambda: controler_flux(faits, flux),
    )
    dire("calcul complet (chargement, flux, contrôles légaux)", complet)
    dire("  dont chargement", chargement)
    dire("  dont flux (pur)", pur)
    dire("  dont contrôles (pur ; le SQL ne les fait pas)", controles)
    dire("les mêmes nombres, en une requête SQL écrite à la main", en_sql)
    lignes, conversion = alterner(
        lambda: calculer_lignes(faits, flux.liberations),
        lambda: convertir_stock(charger_conversion(bailleur, "94", premier_janvier(ANNEE + 1))),
        essais=5,
    )
    dire("lignes du bilan (pur)", lignes)
    dire("conversion du stock", conversion)
    rapport = statistics.median(un / autre for un, autre in zip(complet, en_sql, strict=True))
    reperes = [
        (f"mêmes nombres par les deux chemins : {len(divergences)} divergence", not divergences),
        (f"requêtes : {requetes[0]} (et {requetes[1]} pour dix fois moins de logements)", len(set(requetes)) == 1),
        (f"côté serveur : {min(complet):.0f} ms pour {REPERE_MS}", min(complet) <= REPERE_MS),
        (
            f"rapport au SQL, médiane des tours : {rapport:.2f} pour {RAPPORT_AU_PLUS} au plus",
            rapport <= RAPPORT_AU_PLUS,
        ),
    ]
    for nom, est_tenu in reperes:
        ecrire(f"{'tenu' if est_tenu else 'MANQUÉ':<8} {nom}")
    return 0 if all(est_tenu for _, est_tenu in reperes) else 1


if __name__ == "__main__":
    sys.exit(main())
