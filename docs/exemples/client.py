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
        return self._demander(
            "POST", f"{self.racine}liberations/{liberation}/orienter/", demande, cle=cle or str(uuid.uuid4())
        )

    def _demander(self, methode: str, adresse: str, corps: Any = None, cle: str = "") -> dict[str, Any]:
        entetes = {"Authorization": f"Jeton {self.jeton}", "Accept": "application/json"}
        if corps is not None:
            entetes["Content-Type"] = "application/json"
        if cle:
            entetes["Idempotency-Key"] = cle
        donnees = None if corps is None else json.dumps(corps).encode()
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


def verifier_appel(secret: str, entetes: dict[str, str], corps: bytes, tolerance: int = 300) -> dict[str, Any]:
    """Le contenu d'un appel automatique, sa signature et son heure vérifiées. Lève `ValueError` si l'une est fausse."""
    cle, horodatage = entetes["webhook-id"], entetes["webhook-timestamp"]
    if abs(time.time() - int(horodatage)) > tolerance:
        raise ValueError("appel trop ancien")
    secret_brut = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.new(secret_brut, f"{cle}.{horodatage}.".encode() + corps, hashlib.sha256).digest()
    attendue = "v1," + base64.b64encode(signature).decode()
    if not hmac.compare_digest(attendue, entetes["webhook-signature"]):
        raise ValueError("signature fausse")
    contenu: dict[str, Any] = json.loads(corps)
    return contenu
