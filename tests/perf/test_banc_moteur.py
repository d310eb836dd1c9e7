"""Le banc du moteur mesure ce qu'il dit : les instances se rejouent, et le moteur fait mieux que ses voisines."""

from __future__ import annotations

import pytest

from attributions.domaine.mesures import mesurer
from attributions.domaine.rejeu import simuler
from tests.perf.instances import GRAINES_DE_MESURE, GRAINES_DE_REGLAGE, Ordre, engendrer
from tests.perf.methodes_voisines import hors_ligne, plus_grand_deficit, stock, tour_de_role


@pytest.mark.parametrize("ordre", list(Ordre))
def test_une_graine_redonne_la_meme_annee(ordre: Ordre) -> None:
    assert engendrer(1, nombre=60, ordre=ordre) == engendrer(1, nombre=60, ordre=ordre)


def test_les_graines_de_reglage_et_de_mesure_sont_separees() -> None:
    assert not set(GRAINES_DE_REGLAGE) & set(GRAINES_DE_MESURE)


def test_le_moteur_fait_mieux_que_ses_voisines() -> None:
    faits = engendrer(1, nombre=300)
    choix = {un.numero: un.partie for un in simuler(faits)}
    du_moteur = mesurer(faits, choix)
    assert du_moteur.ecart_au_droit <= 2
    for voisine in (tour_de_role(faits), plus_grand_deficit(faits), stock(faits, 1)):
        mesures = mesurer(faits, voisine)
        assert mesures.somme_des_ecarts > du_moteur.somme_des_ecarts
    assert mesurer(faits, hors_ligne(faits, choix, essais=2_000)).somme_des_ecarts <= du_moteur.somme_des_ecarts
