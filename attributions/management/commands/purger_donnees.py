"""`purger_donnees` : efface ce qui a fait son temps (RG-70) ; `--essai` compte sans effacer."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from attributions.actions.vie_privee import purger_les_candidats
from flux_reservations.acces.vie_privee import purger_les_acces
from flux_reservations.commun.acteur import Acteur
from flux_reservations.socle.commande import CommandeMetier, lire_date


class Command(CommandeMetier):
    """Purge selon les durées datées de `droit/conservation.py`."""

    help = "Efface les données personnelles dont la durée de conservation est passée (RG-70)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Date et essai."""
        super().add_arguments(parser)
        parser.add_argument(
            "--le", type=lire_date, default=None, help="date de référence (AAAA-MM-JJ), aujourd'hui par défaut"
        )
        parser.add_argument("--essai", action="store_true", help="compte sans effacer")

    def executer(self, **options: Any) -> dict[str, Any]:
        """Purge tout et rend les nombres."""
        le = options["le"] or timezone.localdate()
        acteur = Acteur.systeme("purge")
        essai = bool(options["essai"])
        acces = purger_les_acces(acteur=acteur, le=le, essai=essai)
        candidats = purger_les_candidats(acteur=acteur, le=le, essai=essai)
        return {"le": le.isoformat(), "essai": essai, "efface": {"candidats": candidats} | acces}
