"""Banc de l'import : 100 000 logements, validation et écriture comprises, face au COPY nu des mêmes lignes dans la même table.

`python -m tests.perf.banc_import [LIGNES]`, dans une base migrée et jetable (`manage.py base_temporaire -- python -m
tests.perf.banc_import`). Le repère : au moins 15 % du débit du COPY,
mémoire bornée. C'est l'import « comme à l'écran », qui garde de quoi se défaire, qu'on lui compare. Le jeu est retiré à la fin.
"""

from __future__ import annotations

import csv
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.test")

LIGNES, SIREN, REPERE = 100_000, "940000029", 0.15
ENTETE = (
    "bailleur",
    "identifiant",
    "programme",
    "adresse",
    "code_postal",
    "commune",
    "qpv",
    "typologie",
    "surface",
    "financement",
    "annee_construction",
    "date_premiere_location",
    "loyer",
    "charges",
    "etage",
    "ascenseur",
    "pmr",
    "dpe",
    "hors_champ",
)


def ecrire(ligne: str) -> None:
    """Une ligne du tableau."""
    sys.stdout.write(f"{ligne}\n")
    sys.stdout.flush()


def memoire() -> int:
    """Mémoire résidente la plus haute du processus, en Mo."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def engendrer(nombre: int) -> Iterator[list[str]]:
    """Un patrimoine vraisemblable, toujours le même."""
    hasard = random.Random(1)  # noqa: S311 : un jeu d'essai
    for rang in range(nombre):
        yield [
            SIREN,
            f"G{rang:07d}",
            f"Programme {rang // 50}",
            f"{rang % 200} rue de l'Église",
            "94000",
            hasard.choice(["94028", "94081", "94041", "94011"]),
            hasard.choice(["", "QN09401I"]),
            f"T{hasard.randint(1, 6)}",
            f"{hasard.randint(20, 110)},{hasard.randint(0, 9)}",
            hasard.choice(["PLUS", "PLAI", "PLS"]),
            str(hasard.randint(1940, 2020)),
            f"{hasard.randint(1, 28):02d}/0{hasard.randint(1, 9)}/19{hasard.randint(60, 99)}",
            f"{hasard.randint(200, 700)}.{hasard.randint(10, 99)}",
            "50",
            str(rang % 8),
            "oui",
            "non",
            hasard.choice("ABCDEFG"),
            "",
        ]


def chronometrer(travail: Callable[[], Any]) -> float:
    """Secondes, validation de la transaction comprise."""
    debut = time.perf_counter()
    travail()
    return time.perf_counter() - debut


def copier(bailleur: Any) -> float:
    """Le COPY nu : les lignes déjà en base, prêtes en mémoire, recopiées dans la même table indexée."""
    from django.db import connection, transaction

    from conventions.models import Logement
    from flux_reservations.echanges.masse import attributs_de
    from flux_reservations.socle.postgresql.base import en_proprietaire

    attributs = attributs_de(Logement)
    lignes = list(Logement.objects.filter(bailleur=bailleur).values_list(*attributs))
    vider(bailleur)

    def travail() -> None:
        ordre = f"COPY conventions_logement ({', '.join(attributs)}) FROM STDIN"
        with (
            en_proprietaire(connection),
            transaction.atomic(),
            connection.cursor() as curseur,
            curseur.copy(ordre) as copie,
        ):
            for ligne in lignes:
                copie.write_row(ligne)

    duree = chronometrer(travail)
    rapporter("COPY psycopg nu", duree, len(lignes))
    vider(bailleur)
    return duree


def vider(bailleur: Any) -> None:
    """Retire le patrimoine du bailleur, et remet la table dans l'état d'un départ."""
    from django.db import connection

    from flux_reservations.socle.postgresql.base import en_proprietaire

    with en_proprietaire(connection), connection.cursor() as curseur:
        curseur.execute(
            "DELETE FROM conventions_situationlogement s USING conventions_logement l WHERE l.id = s.logement_id AND l.bailleur_id = %s",
            [bailleur.pk],
        )
        curseur.execute("DELETE FROM conventions_logement WHERE bailleur_id = %s", [bailleur.pk])
        curseur.execute("VACUUM ANALYZE conventions_logement, conventions_situationlogement")


def comme_a_l_ecran(bailleur: Any, travail: Callable[[], None]) -> Callable[[], None]:
    """Le même import, tracé pour pouvoir être défait."""
    from django.db import transaction

    from flux_reservations.echanges.models import ImportDepose
    from flux_reservations.echanges.retour import tracer

    depot = ImportDepose.objects.create(bailleur=bailleur)

    def trace() -> None:
        with transaction.atomic(), tracer(depot.pk):
            travail()

    return trace


def retirer_les_traces(bailleur: Any) -> int:
    """Retire les imports du banc et leurs traces ; rend le nombre de traces."""
    from flux_reservations.echanges.models import ImportDepose, Trace

    nombre = Trace.objects.filter(import_depose__bailleur=bailleur).delete()[0]
    ImportDepose.objects.filter(bailleur=bailleur).delete()
    return nombre


def rapporter(nom: str, duree: float, lignes: int) -> None:
    """Une mesure."""
    ecrire(f"{nom:<44} {duree:7.2f} s {lignes / duree:10.0f} lignes/s   {memoire():5d} Mo au plus")


def main() -> None:
    """Mesure et écrit le tableau."""
    django.setup()
    from openpyxl import Workbook

    from conventions.models import Bailleur
    from flux_reservations.commun.acteur import Acteur
    from flux_reservations.echanges.actions import appliquer, essayer

    lignes = int(sys.argv[1]) if len(sys.argv) > 1 else LIGNES
    bailleur, cree = Bailleur.objects.get_or_create(siren=SIREN, defaults={"nom": "Banc", "nature": "bailleur"})
    vider(bailleur)
    with tempfile.TemporaryDirectory() as dossier:
        fichier, tableur = Path(dossier) / "patrimoine.csv", Path(dossier) / "patrimoine.xlsx"
        with fichier.open("w", encoding="utf-8", newline="") as flux:
            ecrivain = csv.writer(flux, delimiter=";")
            ecrivain.writerow(ENTETE)
            ecrivain.writerows(engendrer(lignes))
        ecrire(f"{lignes} logements, CSV de {fichier.stat().st_size / 1e6:.1f} Mo ; {memoire()} Mo au départ")

        def importer(faire: Callable[..., Any], chemin: Path) -> Callable[[], None]:
            def travail() -> None:
                rapport = faire([chemin], acteur=Acteur.systeme("banc"), avec_changements=False)
                if not rapport.est_accepte or rapport.fichiers[0].lignes != lignes:
                    sys.exit(f"Import refusé : {rapport.erreurs[:3]}")

            return travail

        rapporter("import CSV, essai à blanc", chronometrer(importer(essayer, fichier)), lignes)
        vider(bailleur)
        importation = chronometrer(importer(appliquer, fichier))
        rapporter("import CSV, écrit (commande)", importation, lignes)
        rapporter("réimport du même CSV", chronometrer(importer(appliquer, fichier)), lignes)
        vider(bailleur)
        importation = chronometrer(comme_a_l_ecran(bailleur, importer(appliquer, fichier)))
        rapporter("import CSV, écrit comme à l'écran", importation, lignes)
        ecrire(f"lignes tracées : {retirer_les_traces(bailleur)}")
        part = copier(bailleur) / importation
        ecrire(f"débit de l'import ÷ débit du COPY : {part:.0%} (repère : {REPERE:.0%})")
        classeur = Workbook(write_only=True)
        feuille = classeur.create_sheet("patrimoine")
        feuille.append(ENTETE)
        for ligne in engendrer(lignes):
            feuille.append(ligne)
        classeur.save(tableur)
        rapporter("import XLSX, écrit", chronometrer(importer(appliquer, tableur)), lignes)
    vider(bailleur)
    if cree:
        Bailleur.objects.filter(pk=bailleur.pk).delete()


if __name__ == "__main__":
    main()
