"""Modèles du socle : le journal."""

from flux_reservations.socle.models.journal import EntreeJournal

__all__ = ["EntreeJournal"]
