"""Un agent de bailleur importe pour son organisme, et seulement pour lui (domaine.md § 6)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conventions.models import Bailleur, Logement, Reservataire
from flux_reservations.commun.acteur import Acteur, Nature, Role
from flux_reservations.commun.erreurs import AccesRefuse
from flux_reservations.echanges.actions import appliquer, essayer
from flux_reservations.socle import rls
from tests.echanges.depot import (
    AUTRE,
    BAILLEURS,
    CONVENTIONS,
    DROITS,
    PATRIMOINE,
    RESERVATAIRES,
    SIREN,
    TOUT,
    deposer,
    importer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Acteur]:
    """Un gestionnaire du bailleur, sous les politiques de lignes d'une requête de lui."""
    importer(tmp_path, {"bailleurs": BAILLEURS, "reservataires": RESERVATAIRES})
    bailleur = Bailleur.objects.get(siren=SIREN)
    acteur = Acteur(nature=Nature.BAILLEUR, role=Role.GESTIONNAIRE, organisme_id=bailleur.pk, nom="Agent")
    with rls.pour_acteur(acteur):
        yield acteur


def test_un_agent_importe_ce_qui_est_a_son_organisme(tmp_path: Path, agent: Acteur) -> None:
    fichiers = {nom: contenu for nom, contenu in TOUT.items() if nom != "bailleurs"}
    rapport = appliquer([deposer(tmp_path, fichiers)], acteur=agent)
    assert rapport.erreurs == []
    assert Logement.objects.count() == 3
    modifies = PATRIMOINE.replace("T1;QN09401I", "T2;")
    assert appliquer([deposer(tmp_path, {"patrimoine": modifies})], acteur=agent).fichiers[0].modifies == 1


def test_un_agent_n_importe_pas_pour_un_autre_bailleur(tmp_path: Path, agent: Acteur) -> None:
    rapport = essayer([deposer(tmp_path, {"patrimoine": PATRIMOINE.replace(SIREN, AUTRE)})], acteur=agent)
    assert {erreur.colonne for erreur in rapport.erreurs} == {"bailleur"}
    with pytest.raises(AccesRefuse):
        essayer([deposer(tmp_path, {"patrimoine": PATRIMOINE})], acteur=agent, siren=AUTRE)


def test_un_agent_etend_le_registre_sans_le_corriger(tmp_path: Path, agent: Acteur) -> None:
    nouveau = RESERVATAIRES + "CAF;Caisse;organisme;departement:94\n"
    assert appliquer([deposer(tmp_path, {"reservataires": nouveau})], acteur=agent).est_accepte
    assert Reservataire.objects.filter(code="CAF").exists()
    rapport = essayer([deposer(tmp_path, {"reservataires": nouveau.replace("Créteil", "Autre nom")})], acteur=agent)
    assert [erreur.colonne for erreur in rapport.erreurs] == ["code"]


def test_un_agent_ne_change_pas_la_fiche_d_un_autre_bailleur(tmp_path: Path, agent: Acteur) -> None:
    rapport = essayer([deposer(tmp_path, {"bailleurs": BAILLEURS})], acteur=agent)
    assert [(erreur.ligne, erreur.colonne) for erreur in rapport.erreurs] == [(3, "siren")]


def test_un_lecteur_n_importe_pas(tmp_path: Path, agent: Acteur) -> None:
    lecteur = agent.avec_role(Role.LECTEUR)
    with pytest.raises(AccesRefuse):
        appliquer([deposer(tmp_path, {"droits": DROITS, "conventions": CONVENTIONS})], acteur=lecteur)
