"""La commande de gestion commune : codes de sortie 0, 1, 2, JSON seul sur la sortie standard, jamais de trace."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError
from psycopg.errors import UndefinedTable

from flux_reservations.commun.calendrier import ANNEES_LUES
from flux_reservations.commun.cles import lire_entier
from flux_reservations.commun.erreurs import ErreurMetier

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def lire_date(texte: str) -> dt.date:
    """Une date AAAA-MM-JJ ; une autre écriture est une commande mal appelée (sortie 2)."""
    try:
        if _DATE.fullmatch(texte):
            return dt.date.fromisoformat(texte)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"« {texte} » n'est pas une date AAAA-MM-JJ")


def lire_annee(texte: str) -> int:
    """Une année sur quatre chiffres ; une autre écriture est une commande mal appelée (sortie 2)."""
    annee = lire_entier(texte)
    if annee is not None and annee in ANNEES_LUES:
        return annee
    raise argparse.ArgumentTypeError(f"« {texte} » n'est pas une année entre {ANNEES_LUES[0]} et {ANNEES_LUES[-1]}")


class CommandeMetier(BaseCommand):
    """Commande du contrat (formats.md § 2) : `executer` rend l'objet à écrire, ou lève `ErreurMetier` (sortie 1).

    Mal appelée : sortie 2 (argparse). `--format json` écrit un seul objet JSON ; sinon `presenter` écrit du texte.
    """

    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Ajoute `--format`, commun à toutes."""
        parser.add_argument("--format", choices=["texte", "json"], default="texte", help="forme du résultat")

    def executer(self, **options: Any) -> Any:
        """Le travail : à définir ; rend un objet que JSON sait écrire."""
        raise CommandError(f"La commande {type(self).__module__} ne définit pas executer().")

    def presenter(self, resultat: Any) -> None:
        """Texte pour une personne ; par défaut le JSON, indenté."""
        self.stdout.write(json.dumps(resultat, ensure_ascii=False, indent=1))

    def handle(self, *args: Any, **options: Any) -> None:
        """Exécute, écrit le résultat, traduit les refus en code de sortie."""
        del args
        try:
            resultat = self.executer(**options)
        except ErreurMetier as erreur:
            self.stderr.write(f"Erreur : {erreur.message}")
            sys.exit(1)
        except OperationalError as erreur:
            self.stderr.write(f"Erreur : base de données indisponible. {erreur}")
            sys.exit(1)
        except ProgrammingError as erreur:
            if not isinstance(erreur.__cause__, UndefinedTable):
                raise
            self.stderr.write("Erreur : la base n'est pas prête. Lancez d'abord `python manage.py migrate`.")
            sys.exit(1)
        if options["format"] == "json":
            self.stdout.write(json.dumps(resultat, ensure_ascii=False, indent=1))
        elif resultat is not None:
            self.presenter(resultat)
