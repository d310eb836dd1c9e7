"""Le lot (moteur.md § 3) : chaque geste baisse Φ, un échange ne change le nombre de personne, décider fige."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attributions.domaine.faits_moteur import FaitsMoteur
from attributions.domaine.lot import Lot
from attributions.domaine.moteur import Moteur
from attributions.domaine.rejeu import simuler
from tests.attributions.domaine.fabrique_moteur import ANNEE, annee, annees, libere

pytestmark = pytest.mark.regle("RG-41")
examiner = settings(max_examples=60, deadline=None)


def _remplir(faits: FaitsMoteur) -> Lot:
    moteur = Moteur(faits)
    moteur.se_placer(date(ANNEE, 6, 1))
    lot = Lot(moteur)
    for libere_ in faits.ordonnees():
        lot.arriver(libere_)
    return lot


@examiner
@given(faits=annees(decisions=False, stable=True))
def test_reparer_baisse_l_energie_puis_s_arrete(faits: FaitsMoteur) -> None:
    moteur = Moteur(faits)
    moteur.se_placer(date(ANNEE, 6, 1))
    lot = Lot(moteur)
    for libere_ in faits.ordonnees():
        lot.reprendre(libere_, "BAILLEUR", "BAILLEUR")
    avant = moteur.energie()
    gestes = lot.reparer()
    assert moteur.energie() < avant if gestes else moteur.energie() == avant
    assert lot.reparer() == 0


@examiner
@given(faits=annees(decisions=False, stable=True))
def test_un_echange_ne_change_aucun_retard(faits: FaitsMoteur) -> None:
    """Quand aucun logement n'est reproposé (chacun a déjà son plus grand gain), seuls des échanges restent : les D sont fixes."""
    lot = _remplir(faits)
    moteur = lot.moteur
    avant = list(moteur.retards)
    for attente, suivante in zip(lot.attentes, lot.attentes[1:], strict=False):
        for fiche, ancien, nouveau in (
            (attente.fiche, attente.compte, suivante.compte),
            (suivante.fiche, suivante.compte, attente.compte),
        ):
            moteur.annuler(fiche, ancien)
            moteur.attribuer(fiche, nouveau)
        attente.compte, suivante.compte = suivante.compte, attente.compte
        assert moteur.retards == avant


@examiner
@given(faits=annees(decisions=False, stable=True), donnees=st.data())
def test_decider_ce_qui_est_propose_ne_change_rien_aux_autres(faits: FaitsMoteur, donnees: st.DataObject) -> None:
    lot = _remplir(faits)
    choisie = donnees.draw(st.sampled_from(lot.attentes))
    autres = [(attente.numero, attente.compte) for attente in lot.attentes if attente is not choisie]
    lot.decider(choisie)
    assert lot.reparer() == 0
    assert [(attente.numero, attente.compte) for attente in lot.attentes] == autres


@examiner
@given(faits=annees(decisions=False, stable=True))
def test_reprendre_un_lot_le_retrouve_tel_quel(faits: FaitsMoteur) -> None:
    lot = _remplir(faits)
    codes = lot.moteur.terrain.codes
    moteur = Moteur(faits)
    moteur.se_placer(date(ANNEE, 6, 1))
    repris = Lot(moteur)
    for libere_, attente in zip(faits.ordonnees(), lot.attentes, strict=True):
        repris.reprendre(libere_, codes[attente.compte], codes[attente.initial])
    assert repris.reparer() == 0
    assert moteur.etat() == lot.moteur.etat()


def test_un_lot_de_cinq_reprend_ce_que_le_un_par_un_ne_pouvait_savoir() -> None:
    faits = annee(*(libere(rang, typologie="T2" if rang % 2 == 0 else "T4") for rang in range(20)))
    un_par_un = " ".join(choix.partie for choix in simuler(faits))
    en_lot = " ".join(choix.partie for choix in simuler(faits, lot=5))
    assert un_par_un.startswith("ETAT94 BAILLEUR AL COMA BAILLEUR ETAT94 COMA AL")
    assert en_lot.startswith("AL ETAT94 BAILLEUR COMA ETAT94 BAILLEUR COMA AL")
