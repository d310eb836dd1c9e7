"""Une base embarquée migrée : d'après le modèle en cache s'il existe, sinon par `migrate`, dans ce processus."""

from __future__ import annotations

import django
from django.core.management import call_command
from django.db import connection

from flux_reservations.embarque.modele import copier_le_modele, garder_le_modele
from flux_reservations.embarque.postgresql import PostgreSQL
from flux_reservations.settings.base_de_donnees import lire_url_postgresql


def demarrer_migre(serveur: PostgreSQL) -> None:
    """Démarre un serveur neuf dont la base `flux` est migrée."""
    if copier_le_modele(serveur):
        serveur.demarrer()
        return
    serveur.demarrer()
    migrer(serveur.url)
    serveur.arreter()
    garder_le_modele(serveur)
    serveur.demarrer()


def migrer(url: str) -> None:
    """Migre la base désignée ; charge Django s'il ne l'est pas encore."""
    django.setup()
    connection.close()
    connection.settings_dict.update(lire_url_postgresql(url))
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    connection.close()
