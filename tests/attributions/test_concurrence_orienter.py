"""La concurrence, pour de vrai : plusieurs fils, plusieurs connexions, jamais deux décisions sur un logement ni un état périmé."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from django.db import connection

from attributions.actions.lot import reviser_le_lot
from attributions.actions.orienter import orienter
from attributions.domaine.codes import Issue
from attributions.models import Liberation, Orientation, Proposition
from conventions.domaine.codes import TypeReservataire
from flux_reservations.commun.acteur import Acteur
from flux_reservations.commun.erreurs import Conflit
from tests.fabriques import (
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_reservataire,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.regle("RG-41")]
AUJOURD_HUI = date(2025, 3, 1)
AGENT = Acteur.systeme("essai")


@pytest.fixture
def liberations() -> list[Liberation]:
    bailleur = creer_bailleur()
    creer_convention(bailleur, creer_etat(), [("30", "prioritaires", "departement:94")])
    creer_convention(
        bailleur,
        creer_reservataire("AL", TypeReservataire.ACTION_LOGEMENT, "region:11"),
        [("20", "", "departement:94")],
    )
    liberations = [
        creer_liberation(creer_logement(bailleur), date(2025, 2, 1) + timedelta(days=rang), numero=f"L{rang:03d}")
        for rang in range(6)
    ]
    reviser_le_lot(acteur=AGENT, bailleur_id=bailleur.pk, departement="94", annee=2025, le=AUJOURD_HUI, cause="essai")
    return liberations


def _ensemble(gestes: list[Callable[[], object]], fils_au_plus: int = 8) -> list[str]:
    """Lance les gestes ensemble, chacun dans son fil et sa connexion ; rend « fait » ou « conflit » de chacun."""
    nombre_de_fils = min(len(gestes), fils_au_plus)
    depart = Barrier(nombre_de_fils)
    premiers = iter(range(nombre_de_fils))

    def jouer(geste: Callable[[], object]) -> str:
        try:
            if next(premiers, None) is not None:
                depart.wait(timeout=10)
            geste()
        except Conflit:
            return "conflit"
        finally:
            connection.close()
        return "fait"

    with ThreadPoolExecutor(nombre_de_fils) as fils:
        return sorted(fils.map(jouer, gestes))


def _decider(liberation: Liberation, vu: str = "", compte: str = "", motif: str = "") -> Callable[[], object]:
    return lambda: orienter(
        acteur=AGENT, liberation_id=liberation.pk, le=AUJOURD_HUI, vu=vu, compte=compte, motif=motif
    )


def test_huit_clics_simultanes_ne_decident_qu_une_fois(liberations: list[Liberation]) -> None:
    vu = Proposition.objects.get(liberation=liberations[0]).compte
    resultats = _ensemble([_decider(liberations[0], vu) for _ in range(8)])
    assert resultats == ["conflit"] * 7 + ["fait"]
    assert Orientation.objects.filter(liberation=liberations[0]).count() == 1


def test_cent_requetes_sur_six_logements_donnent_six_decisions(liberations: list[Liberation]) -> None:
    resultats = _ensemble([_decider(liberations[rang % 6]) for rang in range(100)])
    assert resultats == ["conflit"] * 94 + ["fait"] * 6
    assert Orientation.objects.count() == 6


def test_deux_choix_differents_sur_un_meme_logement_un_seul_passe(liberations: list[Liberation]) -> None:
    resultats = _ensemble(
        [
            _decider(liberations[0], compte="AL", motif="Relogement"),
            _decider(liberations[0], compte="BAILLEUR", motif="Équilibre"),
        ]
    )
    assert resultats == ["conflit", "fait"]
    assert Orientation.objects.filter(liberation=liberations[0]).count() == 1


def test_des_decisions_simultanees_se_suivent_sur_un_etat_a_jour(liberations: list[Liberation]) -> None:
    """Six dérogations vers AL en même temps : chacune voit les précédentes. 6 × 0,2 − 5 = −3,8 avant la dernière."""
    resultats = _ensemble([_decider(liberation, compte="AL", motif="Relogement") for liberation in liberations])
    assert resultats == ["fait"] * 6
    orientations = Orientation.objects.filter(issue=Issue.EN_COURS).order_by("decidee_le")
    assert {orientation.compte for orientation in orientations} == {"AL"}
    retards = [
        float({un["compte"]: un["retard"] for un in orientation.etat_comptes["retards"]}["AL"])
        for orientation in orientations
    ]
    assert retards == sorted(retards, reverse=True)
    assert retards[-1] == pytest.approx(-3.8)


def test_decider_et_reviser_en_meme_temps_ne_se_bloquent_pas(liberations: list[Liberation]) -> None:
    bailleur = liberations[0].bailleur_id

    def reviser() -> None:
        reviser_le_lot(acteur=AGENT, bailleur_id=bailleur, departement="94", annee=2025, le=AUJOURD_HUI, cause="essai")

    resultats = _ensemble([reviser, _decider(liberations[0]), reviser, _decider(liberations[1])])
    assert resultats == ["fait"] * 4
    assert Proposition.objects.count() == 4
