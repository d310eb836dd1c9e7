"""Les libérations par l'API : ce que dit chaque filtre, à qui possède et à qui l'on met à disposition."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from attributions.domaine.codes import Issue
from conventions.models import Bailleur, Reservataire
from flux_reservations.acces.jetons import Jeton, tirer_secret
from tests.fabriques import (
    creer_bailleur,
    creer_convention,
    creer_liberation,
    creer_logement,
    creer_orientation,
    creer_reservataire,
)

pytestmark = pytest.mark.django_db
JOUR = date(2025, 3, 1)
HISTOIRES = {"jamais": [], "rendue": [Issue.RENDU], "reprise": [Issue.RENDU, Issue.EN_COURS], "louee": [Issue.BAIL]}
"""Les issues successives de chaque libération."""


@pytest.fixture
def bailleur() -> Bailleur:
    bailleur = creer_bailleur()
    mairie = creer_reservataire("MAIRIE", "commune", "commune:94028")
    creer_convention(bailleur, mairie, [("20", "", "commune:94028")])
    for nom, issues in HISTOIRES.items():
        louee = {"date_bail": date(2025, 4, 1)} if Issue.BAIL in issues else {}
        liberation = creer_liberation(creer_logement(bailleur), JOUR, numero=nom, **louee)
        for rang, issue in enumerate(issues, start=1):
            dates = {"date_rendu": JOUR} if issue == Issue.RENDU else {}
            creer_orientation(liberation, mairie, rang=rang, issue=issue, date_mise_a_disposition=JOUR, **dates)
    return bailleur


def numeros(organisme_id: int, suite: str) -> set[str]:
    secret, empreinte = tirer_secret()
    Jeton.objects.create(organisme_id=organisme_id, usage="essai", empreinte=empreinte, debut=secret[:12])
    reponse = Client().get(f"/api/v1/liberations/?{suite}", headers={"Authorization": f"Jeton {secret}"})
    assert reponse.status_code == 200, reponse.content
    return {une["numero"] for une in reponse.json()["results"]}


def test_orientee_dit_ce_qu_une_orientation_occupe_au_bailleur_comme_au_reservataire(bailleur: Bailleur) -> None:
    mairie = Reservataire.objects.get(code="MAIRIE").pk
    assert numeros(bailleur.pk, "orientee=true") == {"reprise", "louee"}
    assert numeros(bailleur.pk, "orientee=false") == {"jamais", "rendue"}
    assert numeros(mairie, "orientee=true") == {"reprise", "louee"}
    assert numeros(mairie, "orientee=false") == {"rendue"}, (
        "une libération qu'on ne lui a pas mise à disposition ne se lit pas"
    )
