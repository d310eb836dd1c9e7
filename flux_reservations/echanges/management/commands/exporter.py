"""`manage.py exporter DOSSIER --bailleur SIREN` (formats.md § 2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.arrondis import accorder
from flux_reservations.commun.erreurs import Introuvable
from flux_reservations.echanges.management.commands.importer import lire_siren
from flux_reservations.socle.commande import CommandeMetier


class Command(CommandeMetier):
    """Exporte les données d'un bailleur dans les fichiers que `importer` relit."""

    help = (
        "Exporte les données d'un bailleur : réimportés dans une base vide, les fichiers redonnent les mêmes calculs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Dossier et bailleur."""
        super().add_arguments(parser)
        parser.add_argument("dossier", type=Path, help="dossier où écrire")
        parser.add_argument("--bailleur", type=lire_siren, required=True, metavar="SIREN", help="bailleur à exporter")

    def executer(self, **options: Any) -> dict[str, Any]:
        """Écrit les fichiers ; rend le nombre de lignes de chacun."""
        from conventions.models import Bailleur  # noqa: PLC0415 : démarrage rapide
        from flux_reservations.echanges.exportation import exporter  # noqa: PLC0415

        trouve = Bailleur.objects.visibles_par(Acteur.systeme()).filter(siren=options["bailleur"]).first()
        if trouve is None:
            message = f"Bailleur inconnu : {options['bailleur']}. Vérifiez son SIREN, ou importez-le."
            raise Introuvable(message)
        comptes = exporter(options["dossier"], trouve)
        return {"fichiers": [{"fichier": nom, "lignes": lignes} for nom, lignes in comptes.items()]}

    def presenter(self, resultat: Any) -> None:
        """Une ligne par fichier."""
        for fichier in resultat["fichiers"]:
            self.stdout.write(f"{fichier['fichier']} : {accorder(fichier['lignes'], 'ligne')}")
