"""La démonstration : toute l'application, vraie, dans un dossier, sans rien installer d'autre que des roues."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.embarque.application import HOTE, Web, echeancier, ouvrier, ouvrier_des_appels
from flux_reservations.embarque.dossiers import verrouiller
from flux_reservations.embarque.postgresql import PostgreSQL
from flux_reservations.embarque.preparation import Preparation, cle_secrete
from flux_reservations.embarque.superviseur import ARRET, Superviseur
from flux_reservations.embarque.valkey import Valkey

TAILLE_MAXIMALE_DE_JOURNAL = 5_000_000


class ArretDemande(BaseException):
    """Un signal d'arrêt est arrivé pendant le démarrage."""


def executer_la_demonstration(dossier: Path, port: int, dire: Callable[[str], None]) -> None:
    """Démarre tout, écrit « Prêt », sert jusqu'à SIGINT ou SIGTERM, arrête tout. Lève `ErreurMetier` si on ne peut pas."""
    _refuser_un_port_pris(port)
    _ouvrir_le_dossier(dossier)
    superviseur = Superviseur(dire)
    with verrouiller(dossier):
        for numero in ARRET:
            signal.signal(numero, _interrompre)
        try:
            _demarrer(superviseur, dossier, port, dire)
            signal.pthread_sigmask(signal.SIG_BLOCK, {*ARRET, signal.SIGCHLD})
            dire(f"Prêt : http://{HOTE}:{port}")
            superviseur.surveiller()
        except ArretDemande:
            dire("Arrêt demandé pendant le démarrage.")
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, ARRET)
            superviseur.arreter()


def _demarrer(superviseur: Superviseur, dossier: Path, port: int, dire: Callable[[str], None]) -> None:
    journaux = dossier / "journaux"
    environnement = dict(
        os.environ,
        DJANGO_SETTINGS_MODULE="flux_reservations.settings.demo",
        SECRET_KEY=cle_secrete(dossier),
        SITE_URL=f"http://{HOTE}:{port}",
        STATIC_ROOT=str(dossier / "statiques"),
        NIVEAU_JOURNAL=os.environ.get("NIVEAU_JOURNAL", "INFO"),
    )
    preparation = Preparation(dossier, environnement)
    preparation.commencer_les_statiques()
    if not environnement.get("DATABASE_URL"):
        base = PostgreSQL(dossier)
        superviseur.ajouter(base)
        environnement["DATABASE_URL"] = base.url
    if not environnement.get("REDIS_URL"):
        courtier = Valkey(dossier)
        superviseur.ajouter(courtier)
        environnement["REDIS_URL"] = courtier.url
    if preparation.migrer():
        dire("Base : migrée.")
    if preparation.engendrer():
        dire("Données de démonstration : engendrées.")
    preparation.finir_les_statiques()
    superviseur.ajouter(Web(journaux / "web.log", environnement, port))
    superviseur.ajouter(ouvrier(journaux, environnement))
    superviseur.ajouter(ouvrier_des_appels(journaux, environnement))
    superviseur.ajouter(echeancier(journaux, environnement, dossier))


def _ouvrir_le_dossier(dossier: Path) -> None:
    """Crée le dossier et ses journaux. Root : le compte de PostgreSQL doit pouvoir y passer, sans rien y lire."""
    try:
        dossier.mkdir(parents=True, exist_ok=True)
        journaux = dossier / "journaux"
        journaux.mkdir(exist_ok=True, mode=0o700)
    except OSError as erreur:
        message = (
            f"Le dossier {dossier} ne peut pas être utilisé ({erreur.strerror}) : donnez-en un autre avec --dossier."
        )
        raise ErreurMetier("demo_dossier", message) from erreur
    for journal in journaux.glob("*.log"):
        if journal.stat().st_size > TAILLE_MAXIMALE_DE_JOURNAL:
            journal.replace(journal.with_suffix(".log.ancien"))


def _refuser_un_port_pris(port: int) -> None:
    with socket.socket() as essai:
        essai.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            essai.bind((HOTE, port))
        except OSError as erreur:
            message = f"Le port {port} ne peut pas être ouvert ({erreur.strerror}) : donnez-en un autre avec --port."
            raise ErreurMetier("demo_port", message) from erreur


def _interrompre(_numero: int, _cadre: FrameType | None) -> None:
    for autre in ARRET:
        signal.signal(autre, signal.SIG_IGN)
    raise ArretDemande
