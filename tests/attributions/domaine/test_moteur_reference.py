"""Le moteur rapide donne exactement ce que donne le texte de moteur.md écrit mot à mot."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attributions.domaine.faits_moteur import FaitsMoteur
from attributions.domaine.rejeu import Rejeu
from tests.attributions.domaine.fabrique_moteur import annees
from tests.attributions.domaine.reference import Reference

pytestmark = pytest.mark.regle("RG-41")


@settings(max_examples=100, deadline=None)
@given(faits=annees(), lot=st.integers(1, 7))
def test_le_moteur_suit_le_texte_au_dix_millieme(faits: FaitsMoteur, lot: int) -> None:
    rejeu = Rejeu(faits, lot=lot)
    choix = [
        (
            un.numero,
            un.partie,
            un.sous_contingent,
            tuple((eligible.compte, eligible.retard) for eligible in un.eligibles),
        )
        for un in rejeu.jouer()
    ]
    temoin = Reference(faits)
    assert choix == temoin.simuler(lot)
    moteur = rejeu.moteur
    assert dict(zip(moteur.terrain.codes, moteur.retards, strict=True)) == temoin.D
    for code, manque in zip(moteur.terrain.codes, moteur.manques, strict=True):
        for (dimension, valeur), reste in zip(moteur.terrain.modalites, manque, strict=True):
            assert reste == temoin.Q(code, dimension, valeur)
