"""Un petit client de l'API de Flux réservations : bibliothèque standard seule, à recopier et à adapter.

client = Client("https://flux.exemple.fr", "flux_…")
for logement in client.lister("logements", commune="94028"):
print(logement["identifiant"])
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

TROP_DE_DEMANDES = 429
IMPORT_EN_TRAVAIL = ("depose", "en_essai", "a_appliquer", "en_cours", "a_defaire")


class ErreurApi(Exception):
    """Une erreur de l'API : son statut et son problème (`detail` dit ce qui s'oppose et le remède)."""

    def __init__(self, statut: int, probleme: dict[str, Any]) -> None:
        super().__init__(f"{statut} : {probleme.get('detail', '')}")
        self.statut = statut
        self.probleme = probleme


class Client:
    """Lit et écrit au nom d'un organisme, avec son jeton."""

    def __init__(self, site: str, jeton: str, essais: int = 4) -> None:
        self.racine = site.rstrip("/") + "/api/v1/"
        self.jeton = jeton
        self.essais = essais

    def lister(self, ressource: str, **filtres: Any) -> Iterator[dict[str, Any]]:
        """Toutes les lignes d'une ressource, page après page."""
        adresse: str | None = f"{self.racine}{ressource}/?{urlencode({'taille': 500} | filtres)}"
        while adresse:
            page = self._demander("GET", adresse)
            yield from page["results"]
            adresse = page["next"]

    def lire(self, ressource: str, cle: object) -> dict[str, Any]:
        """Une ligne."""
        return self._demander("GET", f"{self.racine}{ressource}/{cle}/")

    def orienter(self, liberation: int, *, compte: str = "", motif: str = "", cle: str = "") -> dict[str, Any]:
        """Oriente une libération : sans `compte`, suit la proposition. La même `cle` ne refait rien."""
        demande = {"compte": compte, "motif": motif}
        return self._ecrire("POST", f"liberations/{liberation}/orienter/", demande, cle)

    def declarer(self, liberation: dict[str, Any], cle: str = "") -> dict[str, Any]:
        """Déclare une libération, aux noms de colonnes du tableau `liberations`."""
        return self._ecrire("POST", "liberations/", liberation, cle)

    def corriger(self, liberation: int, champs: dict[str, Any], cle: str = "") -> dict[str, Any]:
        """Corrige une libération : un champ absent reste en place, un champ vide s'efface."""
        return self._ecrire("PATCH", f"liberations/{liberation}/", champs, cle)

    def signer_bail(self, liberation: int, le: str, cle: str = "") -> dict[str, Any]:
        """Date le bail d'une libération (`le` : AAAA-MM-JJ) ; l'orientation en cours est conclue."""
        return self._ecrire("POST", f"liberations/{liberation}/signer_bail/", {"date_bail": le}, cle)

    def deposer(self, fichiers: dict[str, str | bytes], effet: str = "", cle: str = "") -> dict[str, Any]:
        """Dépose des fichiers à importer (nom → contenu) : l'essai à blanc suit, rien n'est écrit."""
        frontiere = uuid.uuid4().hex
        morceaux = [_champ(frontiere, "effet", effet.encode())] if effet else []
        for nom, contenu in fichiers.items():
            octets = contenu.encode() if isinstance(contenu, str) else contenu
            morceaux.append(_champ(frontiere, f'fichiers"; filename="{nom}', octets))
        corps = b"".join([*morceaux, f"--{frontiere}--\r\n".encode()])
        forme = f"multipart/form-data; boundary={frontiere}"
        return self._envoyer("POST", f"{self.racine}imports/", corps, forme, cle or str(uuid.uuid4()))

    def attendre(self, depose: dict[str, Any], secondes: float = 600) -> dict[str, Any]:
        """L'import, une fois essayé, refusé ou écrit. Lève `TimeoutError` au-delà de `secondes`."""
        fin, pause = time.monotonic() + secondes, 0.2
        while depose["etat"] in IMPORT_EN_TRAVAIL:
            if time.monotonic() > fin:
                raise TimeoutError(f"import {depose['id']} : {depose['etat']}")
            time.sleep(pause)
            pause = min(pause * 1.5, 10)
            depose = self.lire("imports", depose["id"])
        return depose

    def appliquer(self, essai: int, cle: str = "") -> dict[str, Any]:
        """Écrit un import essayé ; rend l'import une fois écrit."""
        return self.attendre(self._ecrire("POST", f"imports/{essai}/appliquer/", {}, cle))

    def _ecrire(self, methode: str, chemin: str, corps: dict[str, Any], cle: str) -> dict[str, Any]:
        return self._demander(methode, self.racine + chemin, corps, cle=cle or str(uuid.uuid4()))

    def _demander(self, methode: str, adresse: str, corps: Any = None, cle: str = "") -> dict[str, Any]:
        donnees = None if corps is None else json.dumps(corps).encode()
        return self._envoyer(methode, adresse, donnees, "application/json", cle)

    def _envoyer(self, methode: str, adresse: str, donnees: bytes | None, forme: str, cle: str) -> dict[str, Any]:
        entetes = {"Authorization": f"Jeton {self.jeton}", "Accept": "application/json"}
        if donnees is not None:
            entetes["Content-Type"] = forme
        if cle:
            entetes["Idempotency-Key"] = cle
        for essai in range(1, self.essais + 1):
            try:
                with urlopen(Request(adresse, donnees, entetes, method=methode), timeout=30) as reponse:  # noqa: S310 : l'adresse du site
                    lue: dict[str, Any] = json.load(reponse)
                    return lue
            except HTTPError as erreur:
                with erreur:
                    probleme = json.loads(erreur.read() or b"{}")
                # On attend ce que le serveur dit. Une écriture se rejoue sans risque : sa clé est la même.
                if erreur.code != TROP_DE_DEMANDES or essai == self.essais:
                    raise ErreurApi(erreur.code, probleme) from erreur
                time.sleep(float(erreur.headers.get("Retry-After", essai)))
        raise AssertionError


def _champ(frontiere: str, nom: str, octets: bytes) -> bytes:
    """Un champ de formulaire (`multipart/form-data`)."""
    entete = f'--{frontiere}\r\nContent-Disposition: form-data; name="{nom}"\r\n\r\n'
    return entete.encode() + octets + b"\r\n"


def verifier_appel(secret: str, entetes: dict[str, str], corps: bytes, tolerance: int = 300) -> dict[str, Any]:
    """Le contenu d'un appel automatique, sa signature et son heure vérifiées. Lève `ValueError` si l'une est fausse."""
    entetes = {nom.lower(): valeur for nom, valeur in entetes.items()}
    cle, horodatage = entetes["webhook-id"], entetes["webhook-timestamp"]
    if abs(time.time() - int(horodatage)) > tolerance:
        raise ValueError("appel trop ancien")
    secret_brut = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.new(secret_brut, f"{cle}.{horodatage}.".encode() + corps, hashlib.sha256).digest()
    attendue = "v1," + base64.b64encode(signature).decode()
    # Deux signatures pendant un changement de secret : l'une des deux suffit.
    if not any(hmac.compare_digest(attendue, recue) for recue in entetes["webhook-signature"].split()):
        raise ValueError("signature fausse")
    contenu: dict[str, Any] = json.loads(corps)
    return contenu
