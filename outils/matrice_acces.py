"""Imprime la matrice d'accès (`make matrice`) : chaque adresse, ce qu'elle répond à chaque profil, et le nombre de cas éprouvés."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.test")


def imprimer() -> None:
    """Un tableau Markdown sur la sortie standard."""
    import django  # noqa: PLC0415 : les réglages d'abord

    django.setup()
    from tests.acces.matrice import LIGNES, PROFILS  # noqa: PLC0415 : de même

    lignes = [f"| adresse | {' | '.join(PROFILS)} |", f"|---|{'---|' * len(PROFILS)}"]
    statuts: Counter[int] = Counter()
    for ligne in sorted(LIGNES, key=lambda une: une.nom):
        statuts.update(ligne.attendus.values())
        lignes.append(f"| {ligne.nom} | {' | '.join(str(ligne.attendus[profil]) for profil in PROFILS)} |")
    lectures = len(LIGNES) * len(PROFILS)
    ecritures = sum(
        ligne.attendus[profil] in {302, 401, 403, 404} for ligne in LIGNES if not ligne.post for profil in PROFILS
    )
    detail = ", ".join(f"{nombre} × {statut}" for statut, nombre in sorted(statuts.items()))
    bilan = (
        f"{len(LIGNES)} adresses × {len(PROFILS)} profils = {lectures} cas de lecture ({detail}) ; {ecritures} cas d'écriture refusée ; "
        f"{lectures + ecritures} cas en tout."
    )
    sys.stdout.write("\n".join([*lignes, "", bilan, ""]))


if __name__ == "__main__":
    imprimer()
