"""Le script qui refait le référentiel depuis le paquet npm."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from flux_reservations.territoires.management.commands.engendrer_referentiel import engendrer_lignes
from flux_reservations.territoires.referentiel import lire_referentiel

PAQUET = {
    "regions": [{"code": "11", "nom": "Île-de-France"}],
    "departements": [
        {"code": "75", "nom": "Paris", "region": "11"},
        {"code": "94", "nom": "Val-de-Marne", "region": "11"},
    ],
    "epci": [
        {
            "code": "200054781",
            "nom": "Métropole du Grand Paris",
            "type": "METRO",
            "membres": [{"code": "75056"}, {"code": "94011"}],
        }
    ],
    "ept": [{"code": "200058006", "nom": "Grand Paris Sud Est Avenir", "membres": [{"code": "94011"}]}],
    "communes": [
        {"code": "75056", "nom": "Paris", "type": "commune-actuelle", "codesPostaux": ["75011"], "siren": "217500016"},
        {"code": "75101", "nom": "Paris 1er", "type": "arrondissement-municipal", "commune": "75056"},
        {
            "code": "94011",
            "nom": "Bonneuil",
            "type": "commune-actuelle",
            "anciensCodes": ["75011", "78999"],
            "siren": "219400116",
        },
        {"code": "94998", "nom": "Déléguée", "type": "commune-deleguee", "chefLieu": "94011"},
        {"code": "94999", "nom": "Partagée", "type": "commune-deleguee", "chefLieu": "94011"},
        {"code": "94999", "nom": "Partagée", "type": "commune-deleguee", "chefLieu": "75056"},
    ],
}


def test_les_anciens_codes_ambigus_ou_postaux_sont_ecartes() -> None:
    anciennes = {ligne["code"] for ligne in engendrer_lignes(PAQUET) if ligne["nature"] == "ancienne"}
    assert anciennes == {"94998", "78999"}


def test_le_fichier_engendre_se_relit(tmp_path: Path) -> None:
    paquet, sortie = tmp_path / "package", tmp_path / "referentiel.csv.gz"
    (paquet / "data").mkdir(parents=True)
    for nom, contenu in PAQUET.items():
        (paquet / "data" / f"{nom}.json").write_text(json.dumps(contenu))
    call_command("engendrer_referentiel", paquet, sortie=sortie, format="json", stdout=StringIO())
    premier = sortie.read_bytes()
    call_command("engendrer_referentiel", paquet, sortie=sortie, format="json", stdout=StringIO())
    assert sortie.read_bytes() == premier
    referentiel = lire_referentiel(sortie)
    assert ("metropole:200054781", "75101") in referentiel.appartenances
    assert ("commune:75056", "75101") in referentiel.appartenances
    assert ("ept:200058006", "94011") in referentiel.appartenances


def test_un_paquet_absent_est_dit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as sortie:
        call_command("engendrer_referentiel", tmp_path)
    assert sortie.value.code == 1
    assert "paquet npm" in capsys.readouterr().err
