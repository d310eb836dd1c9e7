"""Sockets assez courts, verrous, dossiers temporaires abandonnés."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.embarque import dossiers


def test_un_chemin_court_garde_son_socket(tmp_path: Path) -> None:
    assert dossiers.dossier_de_socket(tmp_path, "x.sock") == tmp_path


@pytest.mark.parametrize("nom", ["long" * 30, "mes données d'été"])
def test_un_chemin_long_ou_a_echapper_a_son_socket_ailleurs(tmp_path: Path, nom: str) -> None:
    court = dossiers.dossier_de_socket(tmp_path / nom, "x.sock")
    try:
        assert len(os.fsencode(court / "x.sock")) <= dossiers.LONGUEUR_MAXIMALE_SOCKET
        assert court == dossiers.dossier_de_socket(tmp_path / nom, "x.sock")
        assert court != dossiers.dossier_de_socket(tmp_path / nom / "autre", "x.sock")
        assert court.stat().st_mode & 0o777 == 0o700
    finally:
        court.rmdir()
        dossiers.dossier_de_socket(tmp_path / nom / "autre", "x.sock").rmdir()


def test_un_dossier_de_socket_ouvert_a_tous_est_refuse(tmp_path: Path) -> None:
    court = dossiers.dossier_de_socket(tmp_path / ("long" * 30), "x.sock")
    court.chmod(0o777)
    try:
        with pytest.raises(ErreurMetier, match="privé"):
            dossiers.dossier_de_socket(tmp_path / ("long" * 30), "x.sock")
    finally:
        court.rmdir()


def test_un_dossier_verrouille_est_refuse_au_second(tmp_path: Path) -> None:
    with (
        dossiers.verrouiller(tmp_path),
        pytest.raises(ErreurMetier, match="déjà utilisé"),
        dossiers.verrouiller(tmp_path),
    ):
        pass


def test_un_verrou_rendu_se_reprend(tmp_path: Path) -> None:
    with dossiers.verrouiller(tmp_path):
        pass
    with dossiers.verrouiller(tmp_path):
        pass


@pytest.fixture
def racine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(dossiers.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(dossiers, "AGE_MINIMAL_ABANDON", 0.0)
    return tmp_path


def test_un_dossier_temporaire_disparait_a_la_sortie(racine: Path) -> None:
    with dossiers.dossier_temporaire() as dossier:
        assert dossier.parent == racine
    assert not dossier.exists()


def test_un_dossier_abandonne_est_supprime_par_le_suivant(racine: Path) -> None:
    abandonne = racine / f"{dossiers.PREFIXE_TEMPORAIRE}mort"
    abandonne.mkdir()
    (abandonne / dossiers.NOM_DU_VERROU).touch()
    with dossiers.dossier_temporaire():
        assert not abandonne.exists()


def test_un_dossier_en_usage_n_est_pas_supprime(racine: Path) -> None:
    with dossiers.dossier_temporaire() as premier, dossiers.dossier_temporaire() as second:
        assert premier.exists()
        assert second != premier
