#!/usr/bin/env python3
"""Point d'entrée des commandes du projet."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Exécute la commande demandée avec les réglages de développement par défaut."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.dev")
    if sys.argv[1:2] == ["base_temporaire"]:
        # Appelée souvent, et d'ordinaire servie par un modèle en cache : Django n'est chargé que s'il faut migrer.
        from flux_reservations.embarque.management.commands.base_temporaire import Command  # noqa: PLC0415

        Command().run_from_argv(sys.argv)
        return
    from django.core.management import execute_from_command_line  # noqa: PLC0415 : Django après ses réglages

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
