"""L'écran Flux et la pile du jour : chaque nombre se déplie jusqu'aux logements."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from conventions.models import Bailleur
from flux_reservations.commun.acteur import Role
from tests.fabriques import (
    creer_bailleur,
    creer_convention,
    creer_etat,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
    creer_utilisateur,
)

pytestmark = pytest.mark.django_db
ANNEE = timezone.localdate().year


@pytest.fixture
def bailleur() -> Bailleur:
    """Dix baux : un exclu, neuf du flux dont trois à l'État, un à Action Logement."""
    bailleur = creer_bailleur()
    etat, action_logement = creer_etat(), creer_reservataire("AL", "action_logement", "region:11")
    creer_convention(bailleur, etat, [("25", "prioritaires", "departement:94"), ("5", "agents", "departement:94")])
    creer_convention(bailleur, action_logement, [("20", "", "departement:94")])
    for rang in range(10):
        bail = date(ANNEE, 2, 1 + rang)
        liberation = creer_liberation(
            creer_logement(bailleur), date(ANNEE, 1, 10), date_bail=bail, exclusion="mutation" if rang == 0 else ""
        )
        if rang in {1, 2, 3}:
            creer_orientation(liberation, etat, sous_contingent="prioritaires", issue="bail")
        elif rang == 4:
            creer_orientation(liberation, action_logement, issue="bail")
    attend = creer_liberation(creer_logement(bailleur), date(ANNEE, 3, 1))
    creer_orientation(attend, action_logement)
    return bailleur


@pytest.fixture
def client_bailleur(bailleur: Bailleur) -> Client:
    client = Client()
    client.force_login(
        creer_utilisateur(bailleur, Role.RESPONSABLE), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


@pytest.mark.regle("RG-30")
def test_le_flux_montre_a_moins_b(client_bailleur: Client) -> None:
    reponse = client_bailleur.get("/flux/")
    assert reponse.status_code == 200
    flux = reponse.context["flux"]
    assert (flux.assiette.mises_en_location, flux.assiette.total_exclusions, flux.assiette.flux) == (10, 1, 9)


@pytest.mark.regle("RG-47")
def test_le_pont_dit_ce_qui_est_oriente_sans_etre_decompte(client_bailleur: Client) -> None:
    lignes = {ligne.code: ligne for ligne in client_bailleur.get("/flux/").context["lignes"]}
    assert (lignes["AL"].compte.decompte, lignes["AL"].attente) == (1, 1)
    assert lignes["ETAT94/prioritaires"].compte.decompte == 3


@pytest.mark.parametrize(
    ("quoi", "nombre"),
    [("A", 10), ("B", 1), ("B-mutation", 1), ("B-anru", 0), ("C", 9), ("premieres", 0), ("stock", 0)],
)
def test_chaque_nombre_de_l_assiette_se_deplie(client_bailleur: Client, quoi: str, nombre: int) -> None:
    depliage = client_bailleur.get("/flux/detail/", {"quoi": quoi}).context["depliage"]
    assert len(depliage.lignes) == nombre


@pytest.mark.parametrize(("quoi", "nombre"), [("droit", 1), ("decompte", 1), ("attente", 1)])
def test_chaque_nombre_d_un_compte_se_deplie(client_bailleur: Client, quoi: str, nombre: int) -> None:
    convention = next(
        une.compte.convention for une in client_bailleur.get("/flux/").context["lignes"] if une.code == "AL"
    )
    reponse = client_bailleur.get("/flux/detail/", {"quoi": quoi, "compte": "AL", "convention": convention})
    assert len(reponse.context["depliage"].lignes) == nombre


def test_un_nombre_inconnu_est_introuvable(client_bailleur: Client) -> None:
    assert client_bailleur.get("/flux/detail/", {"quoi": "n_importe"}).status_code == 404


def test_la_pile_du_jour_range_par_etape(client_bailleur: Client) -> None:
    reponse = client_bailleur.get("/aujourdhui/")
    assert reponse.status_code == 200
    assert len(reponse.context["pile"].a_notifier) == 1


def test_un_reservataire_n_ouvre_pas_le_flux_d_un_bailleur(bailleur: Bailleur) -> None:
    client = Client()
    client.force_login(creer_utilisateur(creer_reservataire()), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/flux/").status_code == 403
