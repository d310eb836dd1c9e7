"""Prévoir une année : faisabilité, « et si », dérogations à rembourser, revue quotidienne des lots."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from attributions.actions.lot import reviser_les_lots
from attributions.actions.orienter import orienter
from attributions.chargement.comptes import Comptes
from attributions.chargement.previsions import (
    cumuler_les_derogations,
    mesurer_le_gain_d_attendre,
    prevoir_la_faisabilite,
    rejouer_autrement,
)
from attributions.domaine.variantes import Variante
from attributions.models import Liberation, Proposition
from conventions.domaine.codes import TypeReservataire
from flux_reservations.commun.acteur import Acteur
from tests.fabriques import (
    CRETEIL,
    IVRY,
    VITRY,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_reservataire,
)

pytestmark = [pytest.mark.django_db, pytest.mark.regle("RG-41")]
LE = date(2025, 3, 1)
AGENT = Acteur.systeme("essai")


@pytest.fixture
def comptes() -> Comptes:
    bailleur = creer_bailleur()
    creer_convention(bailleur, creer_etat(), [("30", "prioritaires", "departement:94")])
    creer_convention(
        bailleur, creer_reservataire("COMA", TypeReservataire.COMMUNE, "commune:94028"), [("20", "", "commune:94028")]
    )
    return Comptes(bailleur, "94", 2025)


def _liberer(comptes: Comptes, nombre: int, commune: str = CRETEIL) -> list[Liberation]:
    return [
        creer_liberation(
            creer_logement(comptes.bailleur, commune),
            date(2025, 2, 1) + timedelta(days=rang),
            numero=f"{commune}-{rang:03d}",
        )
        for rang in range(nombre)
    ]


def test_une_annee_ordinaire_est_faisable(comptes: Comptes) -> None:
    _liberer(comptes, 10)
    assert prevoir_la_faisabilite(comptes, LE).faisabilite.est_faisable


def test_un_droit_de_zone_que_la_zone_ne_peut_servir_se_dit(comptes: Comptes) -> None:
    """L'hôpital court sur le département et s'exerce à Ivry, où un seul logement se libère : 20 × 20 % + 0,2 = 4,2 pour 1."""
    convention = creer_convention(
        comptes.bailleur, creer_reservataire("HOP", TypeReservataire.EMPLOYEUR, None), [("20", "", f"commune:{IVRY}")]
    )
    convention.droits.get().assiette.set(["departement:94"])
    _liberer(comptes, 20, VITRY)
    _liberer(comptes, 1, IVRY)
    phrases = prevoir_la_faisabilite(comptes, LE).phrases
    assert len(phrases) == 1
    assert "Réservataire HOP sur Ivry-sur-Seine s’élèvent à" in phrases[0]


def test_et_si_rejoue_l_annee_sans_rien_ecrire(comptes: Comptes) -> None:
    _liberer(comptes, 10)
    depart, essai = rejouer_autrement(comptes, [Variante("tel quel"), Variante("COMA à 40 %", taux={"COMA": 4_000})])
    assert (depart.mesures.recus["COMA"], essai.mesures.recus["COMA"]) == (2, 4)
    assert not Proposition.objects.exists()


def test_le_gain_d_attendre_dit_aussi_la_vacance(comptes: Comptes) -> None:
    _liberer(comptes, 10)
    assert [gain.lot for gain in mesurer_le_gain_d_attendre(comptes)] == [5, 10, 20]
    assert all(gain.jours_de_vacance > 0 for gain in mesurer_le_gain_d_attendre(comptes))


def test_une_petite_commune_mise_en_avance_est_signalee(comptes: Comptes) -> None:
    liberations = _liberer(comptes, 4)
    for liberation in liberations[:2]:
        orienter(acteur=AGENT, liberation_id=liberation.pk, le=LE, compte="COMA", motif="Relogement")
    cumul = {derogation.compte: derogation for derogation in cumuler_les_derogations(comptes, LE)}
    assert cumul["COMA"].solde == Fraction(2)
    assert not cumul["COMA"].peut_rembourser


def test_la_revue_du_jour_depose_chaque_lot_une_fois(comptes: Comptes) -> None:
    _liberer(comptes, 3)
    assert reviser_les_lots(acteur=AGENT, le=LE) == 1
    assert Proposition.objects.count() == 3
    assert reviser_les_lots(acteur=AGENT, le=LE) == 0
