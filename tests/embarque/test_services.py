"""PostgreSQL et Valkey embarqués : démarrer, survivre à un kill -9, ne pas croire vivant un mort."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.embarque import identite, postgresql
from flux_reservations.embarque.dossiers import dossier_temporaire
from flux_reservations.embarque.postgresql import PostgreSQL, dossier_des_binaires
from flux_reservations.embarque.processus import MEME_IDENTITE, Identite
from flux_reservations.embarque.valkey import Valkey
from tests.embarque.aide import attendre, est_vivant, lancer_python, lire_ligne


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


def _identites_de_root() -> list[Identite]:
    """Les identités à essayer sur cette machine ; un utilisateur ordinaire n'a que la sienne."""
    if os.geteuid() != 0:
        return [MEME_IDENTITE]
    compte = identite.compte_systeme()
    assert compte is not None
    toutes = [compte, identite.ESPACE_DE_NOMS, identite.avec_capacite(compte)]
    return [une for une in toutes if une != identite.ESPACE_DE_NOMS or _espace_de_noms_permis()]


def _espace_de_noms_permis() -> bool:
    return subprocess.run([*identite.ESPACE_DE_NOMS.prefixe, "true"], check=False, capture_output=True).returncode == 0


def test_postgresql_tourne_et_meurt_sous_chaque_identite_possible() -> None:
    for une in _identites_de_root():
        with dossier_temporaire() as dossier:
            programme = (
                "import sys, time; from pathlib import Path; from flux_reservations.embarque import identite; "
                "from flux_reservations.embarque.postgresql import PostgreSQL; from flux_reservations.embarque.processus import Identite; "
                f"identite.candidates = lambda donnees: [{une!r}]; s = PostgreSQL(Path(sys.argv[1]), durable=False); s.demarrer(); "
                "print(s.processus.pid, s.identite == identite.candidates(None)[0], flush=True); time.sleep(60)"
            )
            parent = lancer_python("-c", programme, dossier)
            numero, conforme = lire_ligne(parent).split()
            assert conforme == "True"
            assert Path(f"/proc/{numero}/status").read_text().count("Uid:\t0\t") == (une == identite.ESPACE_DE_NOMS)
            parent.kill()
            parent.communicate()
            attendre(lambda numero=numero: not est_vivant(int(numero)), f"la mort de PostgreSQL ({une})")


def test_un_dossier_prive_convient_a_root_comme_a_un_utilisateur(tmp_path: Path) -> None:
    """Pytest met ses dossiers sous un dossier privé : le compte système ne peut pas y passer tel quel."""
    prive = tmp_path / "donnees"
    prive.mkdir(mode=0o700)
    choisie = identite.choisir_identite(dossier_des_binaires() / "initdb", prive)
    if os.geteuid() != 0:
        assert choisie == MEME_IDENTITE
    else:
        assert choisie.prefixe
