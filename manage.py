#!/usr/bin/env python3
"""Point d'entrée des commandes du projet."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Exécute la commande demandée avec les réglages de développement par défaut."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.dev")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 : Django après ses réglages

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
