"""Exporter puis importer dans une base vide redonne les mêmes calculs (formats.md § 2)."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS

from attributions.models import (
    Candidat,
    Inscription,
    Liberation,
    Occupation,
    Orientation,
    Proposition,
    Seance,
    SoldeOuverture,
)
from bilans.models import Bilan, Prevision
from conventions.models import (
    Bailleur,
    Commentaire,
    Complement,
    Concertation,
    ContactAutorite,
    Convention,
    Droit,
    Gabarit,
    Logement,
    Manquement,
    Reservataire,
    ReservationStock,
    VersionProposee,
)
from flux_reservations.acces.models import Rattachement
from flux_reservations.commun.acteur import Acteur
from flux_reservations.echanges.actions import appliquer
from flux_reservations.echanges.exportation import exporter
from flux_reservations.notifications.demandes import Demande
from flux_reservations.notifications.models import Envoi
from flux_reservations.pieces.models import Contenu, Piece
from flux_reservations.socle.postgresql.base import en_proprietaire
from tests.echanges.depot import CONVENTIONS, PATRIMOINE, SIREN, TOUT, histoire, importer
from tests.jeu_aleatoire import JeuAleatoire

pytestmark = pytest.mark.django_db

CAS = Path(__file__).parents[1] / "cas"
DOSSIERS = sorted(chemin.parent for chemin in CAS.rglob("cas.json"))


def vider() -> None:
    """Ôte tout ce que les fichiers portent : la base redevient vide."""
    Convention.objects.update(origine=None, avenant_de=None, piece_signee=None, gabarit=None)
    Bilan.objects.update(remplace=None)
    Rattachement.objects.all().delete()
    for modele in (
        Demande,
        Envoi,
        Bilan,
        Manquement,
        Concertation,
        ContactAutorite,
        Commentaire,
        Complement,
        VersionProposee,
        Gabarit,
        Piece,
        Contenu,
        Inscription,
        Seance,
        Prevision,
        Occupation,
        Candidat,
        Proposition,
        Orientation,
        Liberation,
        SoldeOuverture,
        Droit,
        Convention,
        ReservationStock,
        Logement,
        Reservataire,
        Bailleur,
    ):
        with en_proprietaire(DEFAULT_DB_ALIAS):  # Un bilan publié ne se supprime pas autrement (RG-63).
            modele.objects.all().delete()  # type: ignore[attr-defined]  # chacun a son gestionnaire


def calculer(cas: dict[str, Any]) -> list[Any]:
    resultats = []
    for verification in cas["verifications"]:
        sortie = StringIO()
        call_command(*verification["commande"], stdout=sortie)
        resultats.append(json.loads(sortie.getvalue()))
    return resultats


def fichiers(dossier: Path) -> dict[str, str]:
    return {chemin.name: chemin.read_text(encoding="utf-8-sig") for chemin in sorted(dossier.iterdir())}


def repasser(tmp_path: Path, siren: str) -> tuple[dict[str, str], dict[str, str]]:
    """Exporte, vide la base, réimporte, réexporte : les deux exports."""
    exporter(tmp_path / "un", Bailleur.objects.get(siren=siren))
    vider()
    rapport = appliquer([tmp_path / "un"], acteur=Acteur.systeme())
    assert rapport.erreurs == []
    exporter(tmp_path / "deux", Bailleur.objects.get(siren=siren))
    return fichiers(tmp_path / "un"), fichiers(tmp_path / "deux")


@pytest.mark.parametrize("dossier", DOSSIERS, ids=[dossier.name for dossier in DOSSIERS])
def test_un_cas_exporte_redonne_les_memes_resultats(tmp_path: Path, dossier: Path) -> None:
    cas = json.loads((dossier / "cas.json").read_text(encoding="utf-8"))
    for imports in cas["imports"]:
        appliquer([dossier / chemin for chemin in imports], acteur=Acteur.systeme())
    avant = calculer(cas)
    un, deux = repasser(tmp_path, cas["bailleur"])
    assert un == deux
    assert calculer(cas) == avant


def test_tout_ce_qui_se_saisit_repasse(tmp_path: Path) -> None:
    importer(tmp_path, TOUT)
    entete = CONVENTIONS.splitlines()[0]
    importer(
        tmp_path,
        {
            "conventions": f"{entete}\nC-AL-2;{SIREN};AL;94;2024-01-01;2024-01-01;;C-AL\n",
            "reservations_stock": "logement;reservataire;contrepartie;nature;date_debut\nL2;AL;financement;unique;1990-01-01\n",
            "soldes_ouverture": "convention;annee;report\nC-AL;2025;-1,25\n",
            "seances": f"bailleur;date;lieu;etat\n{SIREN};2025-01-20;Siège;close\n",
            "inscriptions": f"bailleur;date;lieu;liberation;rang;ordre\n{SIREN};20/01/2025;Siège;B1;1;1\n",
            "occupations": (
                "bailleur;programme;commune;enquete_le;menages;sous_60_plafonds;allocataires;monoparentales;emmenages_recents\n"
                f"{SIREN};Les Lilas;;2024-01-01;84;51;40;;9\n{SIREN};Les Lilas;94028;01/01/2022;80;0;;;\n"
            ),
            "previsions": (
                f"bailleur;departement;annee;commune;mises_en_location;mutation;publiee_le\n"
                f"{SIREN};94;2026;94028;40;5;2026-01-15T09:00:00+01:00\n{SIREN};94;2026;94081;10;;\n"
            ),
        },
    )
    importer(tmp_path, {"patrimoine": PATRIMOINE.replace("QN09401I;", ";gele")}, effet=dt.date(2025, 7, 1))
    Logement.objects.filter(identifiant="L2").update(
        adresse="=cmd|' /C calc'!A0", identifiant="-L2", ascenseur=False, surface=45
    )
    Orientation.objects.filter(rang=1).update(motif="deux\nlignes ; « et » guillemets \"'")
    un, deux = repasser(tmp_path, SIREN)
    assert un == deux
    assert set(un) >= {
        f"{nom}.csv" for nom in (*TOUT, "seances", "inscriptions", "previsions", "occupations", "situations")
    }
    assert histoire("L1") == [(None, "QN09401I", ""), (dt.date(2025, 7, 1), "", "gele")]
    assert Logement.objects.get(identifiant="-L2").adresse.startswith("=cmd")
    assert Convention.objects.get(numero="C-AL-2").compte_id == Convention.objects.get(numero="C-AL").pk


@pytest.mark.regle("RG-47")
def test_le_solde_arrete_par_un_bilan_sort_a_la_place_du_solde_saisi(tmp_path: Path) -> None:
    importer(tmp_path, TOUT | {"soldes_ouverture": "convention;annee;report\nC-AL;2025;1\n"})
    SoldeOuverture.objects.create(
        convention=Convention.objects.get(numero="C-AL"), annee=2025, report=Decimal("2.5"), origine="bilan"
    )
    un, _ = repasser(tmp_path, SIREN)
    assert un["soldes_ouverture.csv"].splitlines()[1] == f"{SIREN};C-AL;;2025;2.5"


def test_un_texte_qui_serait_une_formule_sort_protege(tmp_path: Path) -> None:
    importer(tmp_path, TOUT)
    Logement.objects.filter(identifiant="L1").update(adresse="=1+1")
    exporter(tmp_path / "un", Bailleur.objects.get(siren=SIREN))
    assert ";'=1+1;" in fichiers(tmp_path / "un")["patrimoine.csv"]


def test_un_bailleur_n_exporte_que_ses_donnees(tmp_path: Path) -> None:
    importer(tmp_path, TOUT)
    exporter(tmp_path / "un", Bailleur.objects.exclude(siren=SIREN).get())
    for nom, contenu in fichiers(tmp_path / "un").items():
        assert SIREN not in contenu, nom


@pytest.mark.parametrize("graine", [3, 11])
def test_un_bailleur_tire_au_sort_redonne_les_memes_calculs(tmp_path: Path, graine: int) -> None:
    bailleur = JeuAleatoire(graine, logements=120, par_an=60).bailleur
    qui = ["--bailleur", bailleur.siren, "--departement", "94"]
    cas = {
        "verifications": [
            *(
                {"commande": ["calculer_flux", *qui, "--annee", str(annee), "--format", "json"]}
                for annee in (2023, 2024, 2025)
            ),
            {"commande": ["produire_bilan", *qui, "--annee", "2025", "--format", "json"]},
            {"commande": ["convertir_stock", *qui, "--date", "2025-01-01", "--format", "json"]},
        ]
    }
    avant = calculer(cas)
    un, deux = repasser(tmp_path, bailleur.siren)
    assert un == deux
    assert calculer(cas) == avant
