"""Application des séries d'actes : signer, transmettre ou publier en nombre."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class SeriesConfig(AppConfig):
    """Un même acte sur plusieurs lignes : préparé, confirmé, mené à bien par l'ouvrier, raconté ligne à ligne."""

    name = "flux_reservations.series"
    label = "series"
    verbose_name = "séries d'actes"

    def ready(self) -> None:
        """Fait inscrire les actes en nombre de chaque application : son module `actions.en_nombre`."""
        autodiscover_modules("actions.en_nombre")
