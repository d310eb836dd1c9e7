"""Les commandes `importer` et `exporter` : JSON seul, codes de sortie 0, 1, 2, jamais de trace (formats.md § 2)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from conventions.models import Bailleur
from tests.echanges.depot import BAILLEURS, SIREN, TOUT, deposer

pytestmark = pytest.mark.django_db


def executer(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Code de sortie, sortie standard, sortie d'erreur."""
    code = 0
    try:
        call_command(*(str(argument) for argument in arguments))
    except SystemExit as sortie:
        code = int(sortie.code or 0)
    lu = capsys.readouterr()
    return code, lu.out, lu.err


def test_le_json_d_un_import_accepte(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, sortie, erreur = executer(capsys, "importer", deposer(tmp_path, {"bailleurs": BAILLEURS}), "--format", "json")
    assert (code, erreur) == (0, "")
    assert json.loads(sortie) == {
        "fichiers": [
            {"fichier": "bailleurs.csv", "type": "bailleurs", "lignes": 2, "crees": 2, "modifies": 0, "inchanges": 0}
        ],
        "avertissements": [],
        "erreurs": [],
    }


@pytest.mark.contrat("tout_ou_rien")
def test_un_refus_ecrit_son_json_et_sort_en_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    depot = deposer(tmp_path, {"bailleurs": BAILLEURS.replace(SIREN, "123")})
    code, sortie, erreur = executer(capsys, "importer", depot, "--format", "json")
    assert code == 1
    lue = json.loads(sortie)["erreurs"][0]
    assert {cle: lue[cle] for cle in ("fichier", "ligne", "colonne", "valeur")} == {
        "fichier": "bailleurs.csv",
        "ligne": 2,
        "colonne": "siren",
        "valeur": "123",
    }
    assert "bailleurs.csv, ligne 2, colonne siren" in erreur
    assert "Traceback" not in erreur


def test_un_chemin_introuvable_est_une_entree_fautive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, erreur = executer(capsys, "importer", tmp_path / "absent.csv")
    assert code == 1
    assert "introuvable" in erreur


@pytest.mark.parametrize(
    "arguments",
    [
        ["importer"],
        ["importer", "x", "--effet", "31/02/2025"],
        ["importer", "x", "--bailleur", "123"],
        ["importer", "x", "--format", "xml"],
        ["exporter", "x"],
        ["exporter", "--bailleur", SIREN],
    ],
)
def test_une_commande_mal_appelee_est_refusee(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command(*arguments)


@pytest.mark.contrat("essai")
def test_verifier_n_ecrit_rien_et_le_dit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, sortie, _ = executer(capsys, "importer", deposer(tmp_path, {"bailleurs": BAILLEURS}), "--verifier")
    assert code == 0
    assert "bailleurs.csv : 2 lignes, 2 créées" in sortie
    assert "rien n'a été écrit" in sortie
    assert not Bailleur.objects.exists()


@pytest.mark.contrat("reimport")
def test_un_reimport_dit_que_rien_n_a_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    depot = deposer(tmp_path, {"bailleurs": BAILLEURS})
    executer(capsys, "importer", depot)
    assert "Rien n'a changé" in executer(capsys, "importer", depot)[1]


def test_exporter_ecrit_un_fichier_par_tableau(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    executer(capsys, "importer", deposer(tmp_path, TOUT))
    code, sortie, _ = executer(capsys, "exporter", tmp_path / "sortie", "--bailleur", SIREN)
    assert code == 0
    assert "patrimoine.csv : 3 lignes" in sortie
    assert (tmp_path / "sortie" / "candidats.csv").exists()


def test_exporter_un_bailleur_inconnu_ou_vers_un_fichier_est_refuse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert executer(capsys, "exporter", tmp_path, "--bailleur", SIREN)[0] == 1
    executer(capsys, "importer", deposer(tmp_path, {"bailleurs": BAILLEURS}))
    (tmp_path / "fichier").write_text("")
    code, _, erreur = executer(capsys, "exporter", tmp_path / "fichier", "--bailleur", SIREN)
    assert code == 1
    assert "ne peut pas être écrit" in erreur
