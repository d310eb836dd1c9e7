"""`manage.py importer CHEMIN…` (formats.md § 2)."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.arrondis import accorder
from flux_reservations.echanges.rapport import Anomalie
from flux_reservations.socle.commande import CommandeMetier, lire_date


class Command(CommandeMetier):
    """Importe des fichiers ou un dossier : tout ou rien."""

    help = "Importe des fichiers CSV ou XLSX (ou un dossier) : tout ou rien, chaque erreur dit sa ligne et son remède."

    def add_arguments(self, parser: CommandParser) -> None:
        """Chemins et options du contrat."""
        super().add_arguments(parser)
        parser.add_argument(
            "chemins", nargs="+", type=Path, metavar="CHEMIN", help="fichiers .csv ou .xlsx, ou dossiers"
        )
        parser.add_argument("--bailleur", type=lire_siren, metavar="SIREN", help="bailleur d'un fichier RPLS")
        parser.add_argument(
            "--effet", type=lire_date, metavar="AAAA-MM-JJ", help="date de ce qui change dans le patrimoine"
        )
        parser.add_argument("--verifier", action="store_true", help="essai à blanc : rien n'est écrit")

    def executer(self, **options: Any) -> Any:
        """Importe ou essaie ; un refus écrit quand même son rapport, et sort en 1."""
        from flux_reservations.echanges.actions import appliquer, essayer  # noqa: PLC0415 : démarrage rapide

        importer = essayer if options["verifier"] else appliquer
        rapport = importer(
            options["chemins"],
            acteur=Acteur.systeme("importer"),
            siren=options["bailleur"] or "",
            effet=options["effet"],
            avec_changements=False,
        )
        if rapport.est_accepte:
            self._verifier_seulement = options["verifier"]
            return rapport.en_json()
        if options["format"] == "json":
            self.stdout.write(json.dumps(rapport.en_json(), ensure_ascii=False, indent=1))
        for erreur in rapport.erreurs:
            self.stderr.write(str(erreur))
        nombre = len(rapport.erreurs)
        self.stderr.write(f"Rien n'a été écrit : {nombre} erreur{'s' if nombre > 1 else ''}.")
        sys.exit(1)

    def presenter(self, resultat: Any) -> None:
        """Une ligne par fichier, puis les avertissements."""
        for fichier in resultat["fichiers"]:
            self.stdout.write(
                f"{fichier['fichier']} : {accorder(fichier['lignes'], 'ligne')}, {fichier['crees']} créées, "
                f"{fichier['modifies']} modifiées, {fichier['inchanges']} inchangées"
            )
        for avertissement in resultat["avertissements"]:
            self.stdout.write(f"Attention, {Anomalie(**avertissement)}")
        if self._verifier_seulement:
            self.stdout.write("Essai à blanc : rien n'a été écrit.")
        elif not any(fichier["crees"] or fichier["modifies"] for fichier in resultat["fichiers"]):
            self.stdout.write("Rien n'a changé.")


def lire_siren(texte: str) -> str:
    """SIREN de `--bailleur` : neuf chiffres."""
    if not (re.fullmatch(r"[0-9]{9}", texte)):
        message = f"« {texte} » n'est pas un SIREN (neuf chiffres)"
        raise argparse.ArgumentTypeError(message)
    return texte
