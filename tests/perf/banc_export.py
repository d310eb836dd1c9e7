"""Banc de l'export : 100 000 logements, 60 000 libérations, autant d'orientations et de candidats, face à un COPY … TO des mêmes tables.

`python -m tests.perf.banc_export [LIGNES]`, dans une base migrée et jetable (`manage.py base_temporaire -- python -m
tests.perf.banc_export`). Le parc entre par un import, lui aussi mesuré, puis sort par `exporter` (un dossier) et par l'archive
d'« Exporter tout ». Le COPY écrit les mêmes tables en CSV, sans rien résoudre ni protéger. La mémoire doit rester bornée.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.test")
from tests.perf.banc_import import SIREN, ecrire_csv, engendrer
from tests.perf.mesures import comparer, ecrire, mesurer

LOGEMENTS, TOURS = 100_000, 3
TABLES = {
    "conventions_logement": "bailleur_id = {}",
    "conventions_situationlogement": "logement_id IN (SELECT id FROM conventions_logement WHERE bailleur_id = {})",
    "attributions_liberation": "bailleur_id = {}",
    "attributions_orientation": "liberation_id IN (SELECT id FROM attributions_liberation WHERE bailleur_id = {})",
    "attributions_candidat": "orientation_id IN (SELECT o.id FROM attributions_orientation o"
    " JOIN attributions_liberation l ON l.id = o.liberation_id WHERE l.bailleur_id = {})",
}
"""Ce que le COPY écrit, et les lignes du bailleur."""


def ecrire_le_parc(dossier: Path, logements: int) -> int:
    """Les fichiers à importer ; rend leur nombre de lignes."""
    liberations = logements * 6 // 10
    (dossier / "bailleurs.csv").write_text(f"siren;nom\n{SIREN};Banc\n", encoding="utf-8")
    (dossier / "reservataires.csv").write_text(
        "code;nom;type;territoire\nBANC;Mairie du banc;commune;commune:94028\n", encoding="utf-8"
    )
    ecrire_csv(dossier / "patrimoine.csv", engendrer(logements))

    def dater(rang: int, mois: int) -> str:
        return f"20{20 + rang % 5}-{mois:02d}-{1 + rang % 28:02d}"

    fichiers: dict[str, tuple[str, Iterator[str]]] = {
        "liberations": (
            "bailleur;numero;logement;date_conge;date_disponibilite",
            (f"{SIREN};V{rang:06d};G{rang:07d};{dater(rang, 2)};{dater(rang, 5)}" for rang in range(liberations)),
        ),
        "orientations": (
            "bailleur;liberation;rang;compte;date_orientation",
            (f"{SIREN};V{rang:06d};1;{('BANC', 'BAILLEUR')[rang % 2]};{dater(rang, 5)}" for rang in range(liberations)),
        ),
        "candidats": (
            "bailleur;liberation;rang;numero_demande",
            (f"{SIREN};V{rang:06d};1;094{rang:015d}" for rang in range(liberations)),
        ),
    }
    for nom, (entete, lignes) in fichiers.items():
        with (dossier / f"{nom}.csv").open("w", encoding="utf-8") as flux:
            flux.write(f"{entete}\n")
            flux.writelines(f"{ligne}\n" for ligne in lignes)
    return logements + 3 * liberations


def copier_vers(dossier: Path, bailleur: Any) -> None:
    """Le COPY … TO de chaque table, en CSV."""
    from django.db import connection

    for table, condition in TABLES.items():
        ordre = f"COPY (SELECT * FROM {table} WHERE {condition.format(bailleur.pk)}) TO STDOUT (FORMAT csv, HEADER)"  # noqa: S608 : nos tables
        with (
            (dossier / f"{table}.csv").open("wb") as flux,
            connection.cursor() as curseur,
            curseur.copy(ordre) as copie,
        ):
            for bloc in copie:
                flux.write(bloc)


def main() -> None:
    """Mesure et écrit le tableau."""
    django.setup()
    from conventions.models import Bailleur
    from flux_reservations.commun.acteur import Acteur
    from flux_reservations.echanges.actions import appliquer
    from flux_reservations.echanges.exportation import archiver, exporter

    logements = int(sys.argv[1]) if len(sys.argv) > 1 else LOGEMENTS
    with tempfile.TemporaryDirectory() as nom_du_dossier:
        racine = Path(nom_du_dossier)
        entree, sortie, copies = (racine / nom for nom in ("entree", "sortie", "copies"))
        for dossier in (entree, copies):
            dossier.mkdir()
        lignes = ecrire_le_parc(entree, logements)

        def importer() -> None:
            rapport = appliquer([entree], acteur=Acteur.systeme("banc"))
            if not rapport.est_accepte:
                sys.exit(f"Import refusé : {rapport.erreurs[:3]}")

        mesurer(importer).rapporter("import du parc", lignes)
        bailleur = Bailleur.objects.get(siren=SIREN)
        copie, dossiers, archives = [], [], []
        for _ in range(TOURS):
            copie.append(mesurer(lambda: copier_vers(copies, bailleur)).rapporter("COPY … TO des mêmes tables", lignes))
            dossiers.append(mesurer(lambda: exporter(sortie, bailleur)).rapporter("exporter (commande)", lignes))
            archives.append(
                mesurer(lambda: sum(map(len, archiver(bailleur)))).rapporter("Exporter tout (archive)", lignes)
            )
        ecrire(f"export : {sum(fichier.stat().st_size for fichier in sortie.iterdir()) / 1e6:.1f} Mo")
        comparer("exporter", copie, dossiers)
        comparer("Exporter tout", copie, archives)


if __name__ == "__main__":
    main()
