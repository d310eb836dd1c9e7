#!/usr/bin/env python3
"""Point d'entrée des commandes du projet."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.core.management.base import BaseCommand


def main() -> None:
    """Exécute la commande demandée avec les réglages de développement par défaut."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.dev")
    if sys.argv[1:2] == ["base_temporaire"]:
        # Appelée souvent, et d'ordinaire servie par un modèle en cache : Django n'est chargé que s'il faut migrer.
        from flux_reservations.embarque.management.commands.base_temporaire import Command  # noqa: PLC0415

        Command().run_from_argv(sys.argv)
        return
    from django.conf import settings  # noqa: PLC0415 : Django après ses réglages
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.core.management import ManagementUtility, get_commands  # noqa: PLC0415

    class Aiguillage(ManagementUtility):
        """Une commande inconnue est une commande mal appelée (sortie 2)."""

        def fetch_command(self, subcommand: str) -> BaseCommand:
            """La commande. Lève `ImproperlyConfigured` si les réglages ne se lisent pas."""
            settings.INSTALLED_APPS  # noqa: B018 : lit les réglages, sans quoi seules les commandes de Django sont connues
            if subcommand not in get_commands():
                sys.stderr.write(f"Commande inconnue : {subcommand}. La liste : python manage.py help.\n")
                sys.exit(2)
            return super().fetch_command(subcommand)

    try:
        Aiguillage(sys.argv).execute()
        sys.stdout.flush()
    except ImproperlyConfigured as erreur:
        sys.stderr.write(f"Erreur : réglage fautif. {erreur}\n")
        sys.exit(1)
    except BrokenPipeError:
        # Qui lisait la sortie est parti (`| head`) : rien de plus à dire, et l'interpréteur ne s'en plaint pas en fermant.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
