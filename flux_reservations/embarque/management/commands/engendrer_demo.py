"""`engendrer_demo` : les données de la démonstration, engendrées d'une graine et d'une date du jour."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.db import DEFAULT_DB_ALIAS, connection
from django.utils import timezone

from flux_reservations.embarque.donnees_demo.generation import GRAINE, engendrer
from flux_reservations.socle.commande import CommandeMetier, lire_date
from flux_reservations.socle.postgresql.base import en_proprietaire


class Command(CommandeMetier):
    """Écrit la démonstration dans une base migrée ; ne refait rien si elle y est."""

    help = "Engendre les données de la démonstration (Val-de-Marne, deux bailleurs fictifs)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Graine et date du jour."""
        super().add_arguments(parser)
        parser.add_argument("--graine", type=int, default=GRAINE, help="même graine, mêmes données")
        parser.add_argument("--aujourdhui", type=lire_date, metavar="AAAA-MM-JJ", help="date du jour des données")

    def executer(self, **options: Any) -> dict[str, Any]:
        """Engendre ; rend ce qui a été écrit."""
        engendre = engendrer(options["aujourdhui"] or timezone.localdate(), options["graine"])
        if not engendre.deja_la:
            # Sans statistiques, les premières pages attendraient qu'autovacuum passe : jusqu'à une minute de plans faits à l'aveugle.
            with en_proprietaire(DEFAULT_DB_ALIAS), connection.cursor() as curseur:
                curseur.execute("ANALYZE")
        return {"deja_la": engendre.deja_la, **engendre.nombres}

    def presenter(self, resultat: dict[str, Any]) -> None:
        """Une phrase."""
        if resultat["deja_la"]:
            self.stdout.write("Les données de la démonstration sont déjà là.")
            return
        nombres = ", ".join(f"{nombre} {nom}" for nom, nombre in resultat.items() if nom != "deja_la")
        self.stdout.write(f"Démonstration engendrée : {nombres}.")
