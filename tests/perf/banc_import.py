"""Banc de l'import : 100 000 logements, validation et écriture comprises, face au COPY nu des mêmes lignes dans la même table.

`python -m tests.perf.banc_import [LIGNES [TOURS]]`, dans une base migrée et jetable (`manage.py base_temporaire -- python -m
tests.perf.banc_import`). Le repère : au moins 15 % du débit du COPY, mémoire bornée. On lui compare l'import de la commande, et
l'import « comme à l'écran », qui garde de quoi se défaire. À chaque tour, le COPY et les imports se suivent dans la même base, la table
remise en état entre deux ; le COPY écrit les lignes que l'import vient d'écrire, ce qui se vérifie. Le jeu est retiré à la fin.
"""

from __future__ import annotations

import csv
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.test")
from tests.perf.mesures import Mesure, comparer, ecrire, mesurer

LIGNES, TOURS, SIREN, REPERE = 100_000, 3, "940000029", 0.15
CHANGEMENTS = 100
"""Une ligne sur cent change au second réimport."""
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


def ecrire_csv(chemin: Path, lignes: Iterable[list[str]]) -> None:
    """Un CSV de ces lignes."""
    with chemin.open("w", encoding="utf-8", newline="") as flux:
        ecrivain = csv.writer(flux, delimiter=";")
        ecrivain.writerow(ENTETE)
        ecrivain.writerows(lignes)


def changer(lignes: Iterable[list[str]]) -> Iterator[list[str]]:
    """Les mêmes, une sur cent changée (adresse, quartier)."""
    adresse, qpv = ENTETE.index("adresse"), ENTETE.index("qpv")
    for rang, ligne in enumerate(lignes):
        if rang % CHANGEMENTS == 0:
            ligne[adresse], ligne[qpv] = f"{rang} avenue Neuve", "QN09402I"
        yield ligne


def ecrire_xlsx(chemin: Path, lignes: Iterable[list[str]]) -> None:
    """Un classeur de ces lignes, ses nombres en nombres."""
    from openpyxl import Workbook

    classeur = Workbook(write_only=True)
    feuille = classeur.create_sheet("patrimoine")
    feuille.append(ENTETE)
    nombres = [ENTETE.index(nom) for nom in ("surface", "annee_construction", "loyer", "charges")]
    for ligne in lignes:
        cellules: list[Any] = list(ligne)
        for rang in nombres:
            cellules[rang] = float(ligne[rang].replace(",", "."))
        feuille.append(cellules)
    classeur.save(chemin)


def importer(chemin: Path, faire: Callable[..., Any], lignes: int) -> Callable[[], None]:
    """Un import à mesurer, qui doit tout accepter."""
    from flux_reservations.commun.acteur import Acteur

    def travail() -> None:
        rapport = faire([chemin], acteur=Acteur.systeme("banc"), avec_changements=False)
        if not rapport.est_accepte or rapport.fichiers[0].lignes != lignes:
            sys.exit(f"Import refusé : {rapport.erreurs[:3]}")

    return travail


def comme_a_l_ecran(bailleur: Any, travail: Callable[[], None]) -> Callable[[], None]:
    """Le même import, tracé pour pouvoir être défait."""
    from django.db import transaction

    from flux_reservations.echanges.models import ImportDepose
    from flux_reservations.echanges.retour import tracer

    depot = ImportDepose.objects.create(organisme=bailleur)

    def trace() -> None:
        with transaction.atomic(), tracer(depot.pk):
            travail()

    return trace


def oublier_les_traces(bailleur: Any) -> int:
    """Retire les imports du banc et leurs traces ; rend le nombre de lignes tracées."""
    from flux_reservations.echanges.models import ImportDepose, Trace

    nombre = sum(len(lignes) for lignes in Trace.objects.values_list("lignes", flat=True))
    ImportDepose.objects.filter(organisme=bailleur).delete()
    return nombre


def copier(bailleur: Any) -> Callable[[], None]:
    """Le COPY nu : les lignes déjà en base, prêtes en mémoire, recopiées dans la même table indexée, une fois vidée."""
    from django.db import connection, transaction

    from conventions.models import Logement
    from flux_reservations.echanges.masse import champs_de
    from flux_reservations.socle.postgresql.base import en_proprietaire

    attributs = [champ.attname for champ in champs_de(Logement)]
    lignes = list(Logement.objects.filter(bailleur=bailleur).values_list(*attributs))

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

    return travail


def empreinte(bailleur: Any) -> tuple[int, int]:
    """Nombre et empreinte des logements du bailleur, sans leur clé."""
    from django.db import connection

    with connection.cursor() as curseur:
        curseur.execute(
            "SELECT count(*), sum(hashtextextended((to_jsonb(l) - 'id')::text, 0)) FROM conventions_logement l"
            " WHERE bailleur_id = %s",
            [bailleur.pk],
        )
        return curseur.fetchone()


def vider(bailleur: Any) -> None:
    """Retire le patrimoine du bailleur, et remet les tables dans l'état d'un départ."""
    from django.db import connection

    from flux_reservations.socle.postgresql.base import en_proprietaire

    with en_proprietaire(connection), connection.cursor() as curseur:
        curseur.execute(
            "DELETE FROM conventions_situationlogement s USING conventions_logement l WHERE l.id = s.logement_id AND l.bailleur_id = %s",
            [bailleur.pk],
        )
        curseur.execute("DELETE FROM conventions_logement WHERE bailleur_id = %s", [bailleur.pk])
        curseur.execute("VACUUM ANALYZE conventions_logement, conventions_situationlogement, echanges_trace")


def faire_un_tour(bailleur: Any, dossier: Path, lignes: int) -> dict[str, Mesure]:
    """Le COPY et chaque genre d'import, l'un après l'autre."""
    from flux_reservations.echanges.actions import appliquer, essayer

    neuf, change = dossier / "patrimoine.csv", dossier / "patrimoine_change.csv"
    tour: dict[str, Mesure] = {}

    def noter(nom: str, travail: Callable[[], None]) -> None:
        tour[nom] = mesurer(travail).rapporter(nom, lignes)

    noter("import CSV, essai à blanc", importer(neuf, essayer, lignes))
    vider(bailleur)
    noter("import CSV, écrit (commande)", importer(neuf, appliquer, lignes))
    noter("réimport du même CSV", importer(neuf, appliquer, lignes))
    noter("réimport, une ligne sur cent changée", importer(change, appliquer, lignes))
    importe, copie = empreinte(bailleur), copier(bailleur)
    vider(bailleur)
    noter("COPY psycopg nu", copie)
    if empreinte(bailleur) != importe:
        sys.exit("Le COPY n'a pas écrit les lignes de l'import : la comparaison ne vaut rien.")
    del copie
    vider(bailleur)
    noter("import CSV, écrit comme à l'écran", comme_a_l_ecran(bailleur, importer(neuf, appliquer, lignes)))
    ecrire(f"lignes tracées : {oublier_les_traces(bailleur)}")
    vider(bailleur)
    return tour


def mesurer_a_part(chemin: Path, nombre: int) -> Mesure:
    """Un import mesuré dans un processus neuf, dont la mémoire ne doit rien à ce qui précède."""
    django.setup()
    from flux_reservations.echanges.actions import appliquer

    return mesurer(importer(chemin, appliquer, nombre))


def montrer_la_memoire(bailleur: Any, dossier: Path, lignes: int) -> None:
    """La mémoire la plus haute d'un import quand le fichier grandit, en CSV et en XLSX."""
    for nombre in (lignes // 4, lignes, 4 * lignes):
        for nom, ecrire_fichier in (("patrimoine.csv", ecrire_csv), ("patrimoine.xlsx", ecrire_xlsx)):
            chemin = dossier / nom
            ecrire_fichier(chemin, engendrer(nombre))
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as ouvrier:
                mesure = ouvrier.submit(mesurer_a_part, chemin, nombre).result()
            mesure.rapporter(f"{nom}, {nombre} lignes, {chemin.stat().st_size / 1e6:.0f} Mo", nombre)
            chemin.unlink()
            vider(bailleur)


def main() -> None:
    """Mesure et écrit le tableau."""
    django.setup()
    from conventions.models import Bailleur

    lignes, tours = (int(valeur) for valeur in (*sys.argv[1:], *map(str, (LIGNES, TOURS)[len(sys.argv) - 1 :])))
    bailleur, cree = Bailleur.objects.get_or_create(siren=SIREN, defaults={"nom": "Banc", "nature": "bailleur"})
    vider(bailleur)
    with tempfile.TemporaryDirectory() as nom_du_dossier:
        dossier = Path(nom_du_dossier)
        ecrire_csv(dossier / "patrimoine.csv", engendrer(lignes))
        ecrire_csv(dossier / "patrimoine_change.csv", changer(engendrer(lignes)))
        ecrire(f"{lignes} logements, CSV de {(dossier / 'patrimoine.csv').stat().st_size / 1e6:.1f} Mo, {tours} tours")
        mesures = [faire_un_tour(bailleur, dossier, lignes) for _ in range(tours)]
        reference = [tour["COPY psycopg nu"] for tour in mesures]
        for nom in mesures[0]:
            if nom.startswith("import CSV, écrit"):
                comparer(nom, reference, [tour[nom] for tour in mesures], REPERE)
        montrer_la_memoire(bailleur, dossier, lignes)
    if cree:
        Bailleur.objects.filter(pk=bailleur.pk).delete()


if __name__ == "__main__":
    main()
