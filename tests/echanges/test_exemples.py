"""Le jeu d'exemple : réimporté, il ne change rien ; son tableur se rapproche, aux deux écarts près qu'on y a glissés."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.test import Client
from django.utils import timezone

from bilans.calcul import calculer_annee
from conventions.models import Bailleur, FicheRpls
from flux_reservations.echanges.exemples import composer_les_exemples
from flux_reservations.echanges.reprise import actions
from flux_reservations.echanges.reprise.vues_rapprochement import lire_le_tableur, rapprocher_le_tableur
from tests.echanges.depot import comptes, importer
from tests.fabriques import (
    acteur_de,
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


@pytest.fixture
def bailleur() -> Bailleur:
    bailleur = creer_bailleur()
    etat, mairie = creer_etat(), creer_reservataire("MAIRIE", "commune", "commune:94028")
    creer_convention(bailleur, etat, [("30", "prioritaires", "departement:94")])
    creer_convention(bailleur, mairie, [("20", "", "commune:94028")])
    jour = date(timezone.localdate().year, 1, 5)
    for rang in range(6):
        logement = creer_logement(bailleur, identifiant=f"N{rang}")
        FicheRpls.objects.create(logement=logement, contingent="7", dernier_bail=date(2020, 3, 1), millesime=2021)
        liberation = creer_liberation(logement, jour, numero=f"L{rang}", date_bail=jour)
        creer_orientation(
            liberation, mairie if rang % 2 else etat, sous_contingent="" if rang % 2 else "prioritaires", issue="bail"
        )
    return bailleur


def test_reimportes_les_exemples_ne_changent_rien(bailleur: Bailleur, tmp_path: Path) -> None:
    archive = ZipFile(io.BytesIO(composer_les_exemples(bailleur, "94", timezone.localdate().year)))
    tableaux = {nom: archive.read(nom) for nom in archive.namelist() if nom.endswith(".csv")}
    assert len(tableaux) == 5
    rapport = importer(tmp_path, tableaux, siren=bailleur.siren)
    assert rapport.erreurs == []
    assert {compte[:2] for compte in comptes(rapport).values()} == {(0, 0)}


@pytest.mark.regle("RG-46")
def test_le_tableur_d_exemple_se_rapproche_aux_deux_ecarts_pres(bailleur: Bailleur) -> None:
    annee = timezone.localdate().year
    archive = ZipFile(io.BytesIO(composer_les_exemples(bailleur, "94", annee)))
    nom = next(nom for nom in archive.namelist() if nom.endswith(".xlsx"))
    piece = actions.deposer_le_decompte(acteur=acteur_de(bailleur), nom=nom, octets=archive.read(nom))
    une = rapprocher_le_tableur(
        lire_le_tableur(piece, acteur_de(bailleur)), calculer_annee(bailleur, "94", annee), acteur_de(bailleur)
    )
    assert une.a_confirmer == []
    assert sorted(cause.genre for cause in une.causes if cause) == ["Absente de votre tableur", "Comptée deux fois"]


def test_l_archive_se_telecharge(bailleur: Bailleur) -> None:
    client = Client()
    client.force_login(creer_utilisateur(bailleur))
    assert "/imports/exemples.zip" in client.get("/imports/deposer/").content.decode()
    reponse = client.get("/imports/exemples.zip")
    assert reponse["Content-Type"] == "application/zip"
    assert "LISEZ-MOI.txt" in ZipFile(io.BytesIO(reponse.content)).namelist()
