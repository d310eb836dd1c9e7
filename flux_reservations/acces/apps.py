"""Application des accès : organismes, utilisateurs, rôles, connexion."""

from __future__ import annotations

from django.apps import AppConfig


class AccesConfig(AppConfig):
    """Qui se connecte, au nom de qui, avec quel rôle."""

    name = "flux_reservations.acces"
    label = "acces"
    verbose_name = "accès"
