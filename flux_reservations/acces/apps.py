"""Application des accès : organismes, utilisateurs, rôles, connexion."""

from __future__ import annotations

from django.apps import AppConfig


class AccesConfig(AppConfig):
    """Qui se connecte, au nom de qui, avec quel rôle."""

    name = "flux_reservations.acces"
    label = "acces"
    verbose_name = "accès"

    def ready(self) -> None:
        """Branche le journal des connexions."""
        from flux_reservations.acces import sessions  # noqa: F401, PLC0415 : récepteurs de signaux
