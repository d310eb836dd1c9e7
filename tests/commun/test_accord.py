"""Un nombre et son mot : en français le pluriel commence à deux."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flux_reservations.commun.arrondis import accorder

RACINE = Path(__file__).parents[2]
FIXE = re.compile(r"\{([^{}\"]+)\} (?:logements|jours|lignes|droits|membres|modalités)\b")
"""Un nombre interpolé devant un pluriel fixe."""
TOUJOURS_PLUSIEURS = re.compile(
    r"[A-Z_]{4,}(\.valeur\(.*\))?"  # une constante
    r"|GARDE\.days|lignes|len\(lignes\)|self\.jours"  # une durée fixe, un plafond, un cas où le singulier est dit à part
)


@pytest.mark.parametrize(("nombre", "attendu"), [(0, "0 droit retiré"), (1, "1 droit retiré"), (2, "2 droits retirés")])
def test_le_pluriel_commence_a_deux(nombre: int, attendu: str) -> None:
    assert accorder(nombre, "droit retiré", "droits retirés") == attendu


def test_aucun_message_n_ecrit_un_pluriel_fixe_apres_un_nombre() -> None:
    fautes = [
        f"{chemin.relative_to(RACINE)}: {ligne.strip()}"
        for dossier in ("attributions", "bilans", "conventions", "flux_reservations")
        for chemin in (RACINE / dossier).rglob("*.py")
        for ligne in chemin.read_text(encoding="utf-8").splitlines()
        for nombre in FIXE.findall(ligne)
        if not TOUJOURS_PLUSIEURS.fullmatch(nombre)
    ]
    assert fautes == []
