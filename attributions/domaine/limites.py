"""La date limite de présentation, prolongation comprise : la même pour l'écran, la carence, le décompte et le bilan (RG-46)."""

from __future__ import annotations

from datetime import date

from flux_reservations.droit.delais import date_limite_de_presentation


def limite_prolongee(depart: date, jours: int | None, unite: str, prolongee: date | None) -> date:
    """Départ + délai, en jours calendaires ou ouvrés ; une prolongation la repousse, ne l'avance jamais."""
    limite = date_limite_de_presentation(depart, jours, unite)
    return max(limite, prolongee) if prolongee else limite
