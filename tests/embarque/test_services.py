"""PostgreSQL et Valkey embarqués : démarrer, survivre à un kill -9, ne pas croire vivant un mort."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.embarque import identite, postgresql
from flux_reservations.embarque.dossiers import dossier_temporaire
from flux_reservations.embarque.postgresql import PostgreSQL, dossier_des_binaires
from flux_reservations.embarque.processus import MEME_IDENTITE
from flux_reservations.embarque.valkey import Valkey


@pytest.fixture
def serveur(tmp_path: Path) -> Iterator[PostgreSQL]:
    serveur = PostgreSQL(tmp_path, durable=False)
    yield serveur
    serveur.arreter()


def _un(serveur: PostgreSQL) -> int:
    with psycopg.connect(serveur.url) as connexion:
        return connexion.execute("SELECT 1").fetchone()[0]


def test_postgresql_repond_des_qu_il_est_demarre(serveur: PostgreSQL) -> None:
    serveur.demarrer()
    assert _un(serveur) == 1


def test_postgresql_garde_ses_donnees_quand_il_est_tue(serveur: PostgreSQL) -> None:
    serveur.durable = True
    serveur.demarrer()
    with psycopg.connect(serveur.url, autocommit=True) as connexion:
        connexion.execute("CREATE TABLE essai (n int)")
        connexion.execute("INSERT INTO essai VALUES (42)")
    serveur.processus.kill()
    serveur.processus.wait()
    serveur.demarrer()
    with psycopg.connect(serveur.url) as connexion:
        assert connexion.execute("SELECT n FROM essai").fetchone() == (42,)


def test_un_pid_recycle_n_empeche_pas_de_demarrer(serveur: PostgreSQL) -> None:
    serveur.demarrer()
    serveur.arreter()
    (serveur.donnees / "postmaster.pid").write_text(f"{os.getpid()}\n{serveur.donnees}\n0\n5432\n\n\n\nready\n")
    serveur.demarrer()
    assert _un(serveur) == 1


def test_un_serveur_deja_la_est_dit_et_laisse_vivant(
    serveur: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serveur.demarrer()
    monkeypatch.setattr(postgresql, "DELAI_DES_ORPHELINS", 0.1)
    with pytest.raises(ErreurMetier, match="tourne déjà"):
        PostgreSQL(tmp_path, durable=False).demarrer()
    assert _un(serveur) == 1


def test_une_initialisation_interrompue_se_reprend(serveur: PostgreSQL, tmp_path: Path) -> None:
    chantier = tmp_path / "postgresql.chantier"
    chantier.mkdir()
    (chantier / "PG_VERSION").write_text("à moitié")
    serveur.demarrer()
    assert _un(serveur) == 1


def test_un_dossier_qui_n_est_pas_une_base_est_laisse_intact(serveur: PostgreSQL) -> None:
    serveur.donnees.mkdir()
    (serveur.donnees / "memoires.txt").write_text("à moi")
    with pytest.raises(ErreurMetier, match="n'est pas une base"):
        serveur.demarrer()
    assert (serveur.donnees / "memoires.txt").read_text() == "à moi"


def test_un_chemin_long_et_accentue_convient(tmp_path: Path) -> None:
    serveur = PostgreSQL(tmp_path / "des données d'été" / ("long" * 20), durable=False)
    serveur.donnees.parent.mkdir(parents=True)
    try:
        serveur.demarrer()
        assert _un(serveur) == 1
    finally:
        serveur.arreter()
        serveur.socket.rmdir()


def test_valkey_garde_ses_donnees_quand_il_est_tue(tmp_path: Path) -> None:
    courtier = Valkey(tmp_path)
    try:
        courtier.demarrer()
        client = redis.Redis(unix_socket_path=str(courtier.socket))
        client.set("a", "1")
        client.execute_command("WAITAOF", 1, 0, 1000)
        courtier.processus.send_signal(signal.SIGKILL)
        courtier.processus.wait()
        courtier.demarrer()
        assert client.get("a") == b"1"
        client.close()
    finally:
        courtier.arreter()


def test_un_serveur_qui_ne_demarre_pas_cite_son_journal(serveur: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "REGLAGES", ("reglage_inconnu=1",))
    with pytest.raises(ErreurMetier, match="reglage_inconnu"):
        serveur.demarrer()


def test_postgresql_ne_tourne_jamais_en_root(tmp_path: Path) -> None:
    """Root : le compte système s'il passe, sinon l'espace de noms (pytest met ses dossiers sous un dossier privé)."""
    prive = tmp_path / "donnees"
    prive.mkdir(mode=0o700)
    binaire = dossier_des_binaires() / "initdb"
    if os.geteuid() != 0:
        assert identite.choisir_identite(binaire, prive) == MEME_IDENTITE
        return
    assert identite.choisir_identite(binaire, prive) == identite.ESPACE_DE_NOMS
    with dossier_temporaire() as ouvert:
        (ouvert / "donnees").mkdir(mode=0o700)
        choisie = identite.choisir_identite(binaire, ouvert / "donnees")
        assert choisie == identite.ESPACE_DE_NOMS or choisie.uid
