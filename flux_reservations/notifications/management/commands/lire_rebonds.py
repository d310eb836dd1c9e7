"""`lire_rebonds` : les avis de non-remise reçus à l'adresse d'expédition mettent leurs envois en échec (RG-66).

Branché sur la boîte d'expédition : `| python manage.py lire_rebonds` (un courriel sur l'entrée), ou des fichiers, ou un dossier Maildir.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.notifications.actions.rebonds import constater_les_rebonds
from flux_reservations.socle.commande import CommandeMetier


class Command(CommandeMetier):
    """Lit des avis de non-remise."""

    help = "Lit des avis de non-remise (fichiers, dossiers, ou l'entrée) et met leurs envois en échec."

    def add_arguments(self, parser: CommandParser) -> None:
        """Les fichiers ou dossiers ; aucun : l'entrée."""
        super().add_arguments(parser)
        parser.add_argument("chemins", nargs="*", type=Path, help="fichiers .eml ou dossiers (Maildir compris)")

    def executer(self, **options: Any) -> dict[str, int]:
        """Le relevé ; lève `ErreurMetier` pour un chemin qui n'existe pas."""
        chemins: list[Path] = options["chemins"]
        courriels = _lire(chemins) if chemins else iter([sys.stdin.buffer.read()])
        return asdict(constater_les_rebonds(acteur=Acteur.systeme("avis de non-remise"), courriels=courriels))

    def presenter(self, resultat: Any) -> None:
        """Une phrase."""
        self.stdout.write(
            f"Rebonds constatés : {resultat['rebonds']}. Retards : {resultat['passagers']}. Sans effet : {resultat['sans_effet']}. "
            f"Courriels qui ne sont pas des avis : {resultat['illisibles']}."
        )


def _lire(chemins: list[Path]) -> Iterator[bytes]:
    for chemin in chemins:
        if chemin.is_dir():
            yield from (fichier.read_bytes() for fichier in sorted(chemin.rglob("*")) if fichier.is_file())
        elif chemin.is_file():
            yield chemin.read_bytes()
        else:
            raise ErreurMetier("chemin_introuvable", f"Fichier ou dossier introuvable : {chemin}")
