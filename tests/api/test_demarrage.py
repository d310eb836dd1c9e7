"""La première demande ne paie pas le chargement des vues : il se fait avant de servir."""

from __future__ import annotations

import subprocess
import sys

from flux_reservations.embarque.empreinte import RACINE


def test_les_vues_sont_chargees_avant_la_premiere_demande() -> None:
    programme = "import sys; import flux_reservations.wsgi; print(sorted(m for m in sys.modules if m.endswith('.api')))"
    environnement = {"DJANGO_SETTINGS_MODULE": "flux_reservations.settings.test", "PATH": "", "PYTHONPATH": str(RACINE)}
    sortie = subprocess.run(
        [sys.executable, "-c", programme], capture_output=True, text=True, check=True, env=environnement, cwd=RACINE
    ).stdout
    assert "flux_reservations.api" in sortie
    assert "flux_reservations.echanges.api" in sortie
