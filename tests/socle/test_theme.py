"""Le thème : contrastes AA dans les deux apparences, aucun style ni script en ligne."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

RACINE = Path(__file__).resolve().parents[2]
AA_TEXTE, AA_COMPOSANT = 4.5, 3.0

_COULEURS = {
    nom: (clair, sombre)
    for nom, clair, sombre in re.findall(
        r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", (RACINE / "static/css/theme.css").read_text()
    )
}
_TONS = ("succes", "attention", "danger", "information", "neutre", "accent")
_TEXTES = [
    *(
        (texte, fond)
        for texte in ("texte", "texte-doux", "accent", "danger")
        for fond in ("fond", "surface", "surface-creuse")
    ),
    *((ton, f"{ton}-doux") for ton in _TONS),
    *(("texte", f"{ton}-doux") for ton in _TONS),
    *(("accent", f"{ton}-doux") for ton in _TONS),
    ("sur-accent", "accent"),
    ("sur-accent", "accent-survol"),
]


def _luminance(couleur: str) -> float:
    canaux = [int(couleur[rang : rang + 2], 16) / 255 for rang in (1, 3, 5)]
    rouge, vert, bleu = (canal / 12.92 if canal <= 0.04045 else ((canal + 0.055) / 1.055) ** 2.4 for canal in canaux)
    return 0.2126 * rouge + 0.7152 * vert + 0.0722 * bleu


def _contraste(une: str, autre: str) -> float:
    claire, foncee = sorted((_luminance(une), _luminance(autre)), reverse=True)
    return (claire + 0.05) / (foncee + 0.05)


@pytest.mark.parametrize("apparence", [0, 1], ids=["clair", "sombre"])
@pytest.mark.parametrize(("texte", "fond"), _TEXTES)
def test_un_texte_se_lit_sur_son_fond(texte: str, fond: str, apparence: int) -> None:
    assert _contraste(_COULEURS[texte][apparence], _COULEURS[fond][apparence]) >= AA_TEXTE


@pytest.mark.parametrize("apparence", [0, 1], ids=["clair", "sombre"])
@pytest.mark.parametrize("fond", ["fond", "surface"])
def test_le_bord_d_un_champ_se_voit(fond: str, apparence: int) -> None:
    assert _contraste(_COULEURS["bordure-champ"][apparence], _COULEURS[fond][apparence]) >= AA_COMPOSANT


_GABARITS = [chemin for chemin in sorted((RACINE / "templates").rglob("*.html")) if "pdf" not in chemin.parts]
_EN_LIGNE = re.compile(
    r"""\sstyle\s*=|<style[\s>]|<script(?![^>]*\ssrc=)|\son[a-z]+\s*=\s*["']|hx-on[:-]|href=["']javascript:"""
)


@pytest.mark.parametrize("gabarit", _GABARITS, ids=lambda chemin: chemin.name)
def test_un_gabarit_n_a_ni_style_ni_script_en_ligne(gabarit: Path) -> None:
    assert not _EN_LIGNE.findall(gabarit.read_text())
