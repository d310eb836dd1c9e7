"""Banc de la file d'envois : 1 000 courriels, l'ouvrier Celery et le serveur SMTP tués plusieurs fois ; on compte (RG-66).

`manage.py base_temporaire -- python tests/perf/banc_envois.py [nombre]`. De vrais processus : Valkey, un ouvrier Celery à deux têtes, un
serveur SMTP qui note chaque courriel accepté sur le disque avant de répondre. Les reculs sont abrégés, rien d'autre.

Deux sortes de morts. À intervalles réguliers, n'importe où : l'ouvrier, ou le serveur. Et le pire cas, provoqué : tous les
`PERIODE_DU_PIRE_CAS` courriels, le serveur accepte, puis tue lui-même l'ouvrier avant qu'il ait pu l'enregistrer, une fois juste avant
d'envoyer son « 250 », une fois juste après. Attendu : aucun perdu, tout courriel reçu deux fois est marqué incertain, et chaque pire
cas est un doublon dit, sous le même Message-ID.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import django

RACINE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(RACINE))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flux_reservations.settings.dev")
NOMBRE = 1000
PERIODE_DES_MORTS = 2.5
MORTS = ("ouvrier", "serveur", "ouvrier", "ouvrier", "serveur", "ouvrier", "serveur", "ouvrier", "serveur", "ouvrier")
DELAI_DU_SERVEUR = 0.004
PATIENCE = 400.0
PERIODE_DU_PIRE_CAS = 120
PIRES_CAS = 8


def servir(port: int, dossier: Path) -> None:
    """Le serveur SMTP : note le Message-ID sur le disque, attend un peu (la fenêtre d'incertitude), puis accepte ; parfois, tue."""
    from aiosmtpd.smtp import SMTP, Envelope, Session

    registre, provoques = dossier / "acceptes.txt", dossier / "provoques.txt"

    class Boite:
        """Note ce qui est accepté."""

        async def handle_DATA(self, serveur: SMTP, session: Session, enveloppe: Envelope) -> str:  # noqa: N802 : nom d'aiosmtpd
            """Accepte un courriel ; au pire moment, tue qui l'envoie."""
            del session
            texte = bytes(enveloppe.content or b"").decode()  # type: ignore[arg-type]  # octets
            identifiant = next(ligne for ligne in texte.splitlines() if ligne.lower().startswith("message-id:"))
            identifiant = identifiant.partition(":")[2].strip()
            noter(registre, identifiant)
            deja, rang = len(provoques.read_text().split()), len(registre.read_text().split())
            if deja < PIRES_CAS and rang >= (deja + 1) * PERIODE_DU_PIRE_CAS:
                noter(provoques, identifiant)
                if deja % 2:
                    serveur.transport.write(b"250 OK\r\n")  # L'ouvrier l'a peut-être lu ; il ne l'aura pas enregistré.
                with suppress(ProcessLookupError, ValueError):
                    os.killpg(int((dossier / "ouvrier.pid").read_text()), signal.SIGKILL)
            await asyncio.sleep(DELAI_DU_SERVEUR)
            return "250 OK"

    async def tourner() -> None:
        boucle = asyncio.get_running_loop()
        serveur = await boucle.create_server(lambda: SMTP(Boite()), "127.0.0.1", port)
        await serveur.serve_forever()

    asyncio.run(tourner())


def noter(fichier: Path, ligne: str) -> None:
    """Ajoute une ligne, sur le disque avant de rendre la main."""
    with fichier.open("a") as ouvert:
        ouvert.write(ligne + "\n")
        ouvert.flush()
        os.fsync(ouvert.fileno())


class Enfant:
    """Un processus qu'on tue et qu'on relance, avec ses enfants."""

    def __init__(self, commande: list[str], environnement: dict[str, str], fichier: Path) -> None:
        """Le lance ; son numéro de groupe est écrit dans `fichier`."""
        self.commande, self.environnement, self.fichier = commande, environnement, fichier
        self.lancer()

    def lancer(self) -> None:
        """Dans son propre groupe."""
        self.processus = subprocess.Popen(
            self.commande, env=self.environnement, cwd=RACINE, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.fichier.write_text(str(self.processus.pid))

    def tuer(self) -> None:
        """-9, tout le groupe."""
        with suppress(ProcessLookupError):
            os.killpg(self.processus.pid, signal.SIGKILL)
        self.processus.wait()

    def relever(self) -> None:
        """Le relance s'il est mort sans qu'on l'ait voulu ici : le serveur l'a tué."""
        if self.processus.poll() is not None:
            self.tuer()
            self.lancer()


def main(nombre: int) -> int:
    """Le banc ; rend 0 si rien n'est perdu et si tout doublon est dit."""
    with tempfile.TemporaryDirectory(prefix="banc-envois-") as dossier:
        racine = Path(dossier)
        for nom in ("acceptes.txt", "provoques.txt"):
            (racine / nom).touch()
        with socket.socket() as prise:
            prise.bind(("127.0.0.1", 0))
            port = prise.getsockname()[1]
        os.environ |= {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(port)}
        from flux_reservations.embarque.valkey import Valkey

        valkey = Valkey(Path(dossier))
        valkey.demarrer()
        os.environ["REDIS_URL"] = valkey.url
        django.setup()
        enfants = {
            "serveur": Enfant(
                [sys.executable, __file__, "--serveur", str(port), dossier], dict(os.environ), racine / "serveur.pid"
            ),
            "ouvrier": Enfant(
                [
                    sys.executable,
                    "-m",
                    "celery",
                    "-A",
                    "flux_reservations",
                    "worker",
                    "--concurrency",
                    "2",
                    "--loglevel",
                    "ERROR",
                ],
                dict(os.environ),
                racine / "ouvrier.pid",
            ),
        }
        try:
            return compter(deposer_et_attendre(nombre, enfants), racine)
        finally:
            for enfant in enfants.values():
                enfant.tuer()
            valkey.arreter()


def deposer_et_attendre(nombre: int, enfants: dict[str, Enfant]) -> dict[str, float]:
    """Dépose, tue à intervalles réguliers, attend que tout soit parti."""
    from celery import current_app
    from django.urls import reverse
    from django.utils import timezone

    from conventions.models import Bailleur
    from flux_reservations.commun.acteur import Acteur
    from flux_reservations.notifications.actions.deposer import Destinataire, Objet, deposer_lot
    from flux_reservations.notifications.messages import MessageBilan
    from flux_reservations.notifications.models import Envoi, EtatEnvoi

    bailleur = Bailleur.objects.create(nature="bailleur", nom="Banc", statut="oph", siren="900000009")
    reverse("envois")  # Les adresses se chargent à la première : ce n'est pas le dépôt.
    debut = time.monotonic()
    deposer_lot(
        acteur=Acteur.systeme("banc"),
        emetteur=bailleur,
        message=MessageBilan("Banc", "Val-de-Marne", 2025),
        destinataires=[
            Destinataire(f"Réservataire {rang}", courriel=f"r{rang}@essai.example") for rang in range(nombre)
        ],
        objet=Objet(annee=2025),
    )
    depot = time.monotonic() - debut
    morts, prochaine_mort = list(MORTS), time.monotonic() + PERIODE_DES_MORTS * 2
    while time.monotonic() - debut < PATIENCE:
        reste = Envoi.objects.exclude(etat__in=[EtatEnvoi.ENVOYE, EtatEnvoi.REPRIS]).count()
        if not reste:
            break
        Envoi.objects.filter(etat=EtatEnvoi.ECHEC).update(prochain_essai_le=timezone.now())
        current_app.send_task("notifications.rattraper")
        enfants["ouvrier"].relever()
        if morts and time.monotonic() > prochaine_mort:
            nom = morts.pop(0)
            enfants[nom].tuer()
            enfants[nom].lancer()
            prochaine_mort = time.monotonic() + PERIODE_DES_MORTS
        time.sleep(0.5)
    return {"depot": depot, "total": time.monotonic() - debut, "morts": len(MORTS) - len(morts)}


def compter(temps: dict[str, float], dossier: Path) -> int:
    """Confronte ce que le serveur a accepté à ce que la base dit."""
    from flux_reservations.notifications.models import Envoi
    from flux_reservations.socle.journal import verifier_chaine

    acceptes = Counter((dossier / "acceptes.txt").read_text().split())
    provoques = (dossier / "provoques.txt").read_text().split()
    envois = {envoi.message_id: envoi for envoi in Envoi.objects.all()}
    perdus = [cle for cle in envois if cle not in acceptes]
    doublons = [cle for cle, combien in acceptes.items() if combien > 1]
    non_dits = [cle for cle in doublons if not envois[cle].incertain_le]
    pires_non_dits = [cle for cle in provoques if acceptes[cle] < 2 or not envois[cle].incertain_le]
    incertains = [cle for cle, envoi in envois.items() if envoi.incertain_le]
    etats = Counter(envoi.etat for envoi in envois.values())
    rompues = verifier_chaine(next(iter(envois.values())).emetteur_id)
    sys.stdout.write(
        f"{len(envois)} envois déposés en {temps['depot']:.2f} s ; tout est parti en {temps['total']:.0f} s, "
        f"{temps['morts']:.0f} morts brutales au hasard (ouvrier et serveur), {len(provoques)} au pire moment.\n"
        f"Acceptés par le serveur : {sum(acceptes.values())}, distincts : {len(acceptes)}.\n"
        f"Perdus : {len(perdus)}. Reçus deux fois : {len(doublons)}, dont non marqués incertains : {len(non_dits)}.\n"
        f"Acceptés par le serveur, ouvrier tué avant l'enregistrement : {len(provoques)}, dont non dits : {len(pires_non_dits)}.\n"
        f"Marqués incertains : {len(incertains)}. États : {dict(etats)}. Journal rompu : {len(rompues)} entrée(s).\n"
    )
    return 1 if perdus or non_dits or rompues or pires_non_dits or not provoques else 0


if __name__ == "__main__":
    if "--serveur" in sys.argv:
        servir(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else NOMBRE))
