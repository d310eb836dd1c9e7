"""Les dérogations à rembourser, et la revue quotidienne des lots."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from django.test import Client
from django.utils import timezone

from attributions.actions.lot import reviser_les_lots
from attributions.actions.orienter import orienter
from attributions.chargement.comptes import Comptes
from attributions.chargement.derogations import cumuler_les_derogations
from attributions.chargement.moteur import charger_annee_du_moteur
from attributions.models import Liberation, Proposition
from conventions.domaine.codes import TypeReservataire
from flux_reservations.commun.acteur import Acteur
from tests.fabriques import (
    CRETEIL,
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_reservataire,
    creer_utilisateur,
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


def test_une_petite_commune_mise_en_avance_est_signalee(comptes: Comptes) -> None:
    liberations = _liberer(comptes, 4)
    for liberation in liberations[:2]:
        orienter(acteur=AGENT, liberation_id=liberation.pk, le=LE, compte="COMA", motif="Relogement")
    chargee = charger_annee_du_moteur(comptes.bailleur, comptes.departement, comptes.annee)
    cumul = {derogation.compte: derogation for derogation in cumuler_les_derogations(chargee, LE)}
    assert cumul["COMA"].solde == Fraction(2)
    assert cumul["COMA"].est_une_avance
    assert not cumul["COMA"].peut_rembourser
    assert sum(derogation.solde for derogation in cumul.values()) == 0


def test_la_revue_du_jour_depose_chaque_lot_une_fois(comptes: Comptes) -> None:
    _liberer(comptes, 3)
    assert reviser_les_lots(acteur=AGENT, le=LE) == 1
    assert Proposition.objects.count() == 3
    assert reviser_les_lots(acteur=AGENT, le=LE) == 0


def test_le_cumul_des_derogations_se_lit_a_l_ecran() -> None:
    """L'écran est celui de l'année en cours : les libérations y sont placées."""
    aujourd_hui = timezone.localdate()
    bailleur = creer_bailleur()
    creer_convention(
        bailleur, creer_reservataire("COMA", TypeReservataire.COMMUNE, "commune:94028"), [("5", "", "commune:94028")]
    )
    liberations = [creer_liberation(creer_logement(bailleur), date(aujourd_hui.year, 1, 2)) for _ in range(3)]
    orienter(acteur=AGENT, liberation_id=liberations[0].pk, le=aujourd_hui, compte="COMA", motif="Relogement")
    client = Client()
    client.force_login(creer_utilisateur(bailleur), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/a-orienter/").content.decode()
    assert "Dérogations de l'année" in page
    assert "Ne pourra pas rembourser" in page
