"""L'écran Flux et la pile du jour : chaque nombre se déplie jusqu'aux logements."""

from __future__ import annotations

import html
import re
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from conventions.models import Bailleur
from flux_reservations.commun.acteur import Role
from flux_reservations.socle.presentation import Lien
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


def test_tout_nombre_se_deplie_jusqu_aux_logements(client_bailleur: Client) -> None:
    """Suit, depuis l'écran Flux, chaque lien de dépliage, et les liens de chaque dépliage ; tous répondent, avec leur règle."""
    page = client_bailleur.get("/flux/").content.decode()
    a_suivre = {html.unescape(lien) for lien in re.findall(r'(?:href|hx-get)="([^"]*/flux/detail/[^"]*)"', page)}
    assert {parse_qs(urlsplit(lien).query)["quoi"][0] for lien in a_suivre} >= {
        "A", "B", "C", "premieres", "stock", "droit", "entier", "decompte", "attente", "solde", "part",
    }  # fmt: skip
    vus: set[str] = set()
    while a_suivre:
        lien = a_suivre.pop()
        vus.add(lien)
        reponse = client_bailleur.get(lien)
        assert reponse.status_code == 200, lien
        depliage = reponse.context["depliage"]
        assert depliage.regle.startswith("RG-"), lien
        a_suivre |= {
            case.adresse
            for ligne in depliage.lignes
            for case in ligne
            if isinstance(case, Lien) and "/flux/detail/" in case.adresse
        } - vus
    assert {parse_qs(urlsplit(lien).query)["quoi"][0] for lien in vus} >= {"ligne", "etat", "C-hors-qpv"}


@pytest.mark.regle("RG-33")
def test_une_ligne_de_droit_montre_les_logements_qui_l_ont_formee(client_bailleur: Client) -> None:
    convention = next(
        une.compte.convention for une in client_bailleur.get("/flux/").context["lignes"] if une.code == "AL"
    )
    droit = client_bailleur.get("/flux/detail/", {"quoi": "droit", "compte": "AL", "convention": convention})
    (lien,) = [case for case in droit.context["depliage"].lignes[0] if isinstance(case, Lien)]
    # 9 logements du flux × 20 % = 1,8.
    assert str(lien) == "9"
    depliage = client_bailleur.get(lien.adresse).context["depliage"]
    assert (len(depliage.lignes), depliage.explication[:26]) == (9, "20 % × 9 logements = 1,8, ")
    assert client_bailleur.get(lien.adresse.replace("ligne=0", "ligne=7")).status_code == 404


@pytest.mark.regle("RG-33")
def test_les_droits_entiers_montrent_leur_arrondi_et_somment_au_flux(client_bailleur: Client) -> None:
    depliage = client_bailleur.get("/flux/detail/", {"quoi": "entier"}).context["depliage"]
    # C = 9 : État 2,25 + 0,45 = 2,7 → 2 (0 agent, 2 prioritaires) ; AL 1,8 et bailleur 4,5 : 7 restent, AL 2, bailleur 5.
    assert {ligne[0]: (ligne[1], ligne[4]) for ligne in depliage.lignes} == {
        "Réservataire AL": ("1,8000", "2"), "État (agents)": ("0,4500", "0"),
        "État (prioritaires)": ("2,2500", "2"), "Le bailleur (non réservé)": ("4,5000", "5"),
    }  # fmt: skip
    assert depliage.total == "9"


@pytest.mark.regle("RG-47")
def test_le_solde_se_deplie_terme_a_terme(client_bailleur: Client) -> None:
    convention = next(
        une.compte.convention for une in client_bailleur.get("/flux/").context["lignes"] if une.code == "AL"
    )
    reponse = client_bailleur.get("/flux/detail/", {"quoi": "solde", "compte": "AL", "convention": convention})
    termes = {ligne[0]: ligne[1] for ligne in reponse.context["depliage"].lignes}
    assert (termes["Droit théorique"], termes["− décompte"], termes["= solde"]) == ("1,8000", "1", "+0,8000")


@pytest.mark.regle("RG-37")
def test_la_part_hors_qpv_montre_son_numerateur_et_son_denominateur(client_bailleur: Client) -> None:
    depliage = client_bailleur.get("/flux/detail/", {"quoi": "part", "part": "hors-qpv"}).context["depliage"]
    assert [ligne[1] for ligne in depliage.lignes] == ["3", "9"]
    assert client_bailleur.get("/flux/detail/", {"quoi": "part", "part": "autre"}).status_code == 404
