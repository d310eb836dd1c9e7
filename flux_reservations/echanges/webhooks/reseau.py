"""Appeler une adresse donnée par un utilisateur sans se laisser mener ailleurs : ni réseau privé, ni redirection, ni réponse sans fin."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

DELAI: Final = 10
"""Secondes pour se connecter, puis pour chaque échange."""
ECHEANCE: Final = 15
"""Secondes pour tout l'échange, une fois connecté."""
REPONSE_LUE: Final = 4096
_TROP_LENT: Final = f"Trop lent : la réponse n'est pas finie après {ECHEANCE} secondes."
_PORTS = range(1, 65536)
# NAT64 et 6to4 portent une adresse IPv4, qui peut être privée.
_TRADUITES: Final = tuple(ipaddress.ip_network(plage) for plage in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))


class AdresseRefusee(Exception):
    """L'adresse n'est pas de celles qu'on appelle ; `message` dit pourquoi."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class AppelManque(Exception):
    """L'appel n'a pas abouti ; `message` dit ce qui s'est passé."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Cible:
    """Une adresse vérifiée, et l'IP qu'on appellera : celle qui a été contrôlée, pas une autre résolution."""

    chiffree: bool
    hote: str
    port: int
    chemin: str
    ip: str


def viser(adresse: str) -> Cible:
    """Vérifie une adresse et la résout. Lève `AdresseRefusee`.

    En production : https seulement, et aucune des IP du nom n'est privée, locale ou réservée (`WEBHOOKS_ADRESSES_PRIVEES` l'ouvre).
    """
    try:
        morceaux = urlsplit(adresse)
        port = {"https": 443, "http": 80}.get(morceaux.scheme, 0) if morceaux.port is None else morceaux.port
    except ValueError as erreur:
        raise AdresseRefusee("Cette adresse est mal écrite.") from erreur
    libre = settings.WEBHOOKS_ADRESSES_PRIVEES
    if morceaux.scheme not in ({"https", "http"} if libre else {"https"}):
        raise AdresseRefusee("L'adresse doit commencer par https://.")
    if morceaux.username is not None or morceaux.password is not None:
        raise AdresseRefusee("L'adresse ne porte ni nom ni mot de passe : la signature suffit à reconnaître l'appel.")
    hote = (morceaux.hostname or "").rstrip(".")
    if not hote or port not in _PORTS:
        raise AdresseRefusee("Cette adresse est mal écrite.")
    ips = _resoudre(hote, port)
    if not libre and not all(map(est_publique, ips)):
        raise AdresseRefusee("Cette adresse mène à un réseau privé ou réservé : donnez une adresse publique.")
    chemin = (morceaux.path or "/") + (f"?{morceaux.query}" if morceaux.query else "")
    if not chemin.isascii() or any(signe <= " " for signe in chemin):
        raise AdresseRefusee("Cette adresse est mal écrite : encodez ses caractères spéciaux.")
    return Cible(morceaux.scheme == "https", hote, port, chemin, ips[0])


def est_publique(ip: str) -> bool:
    """Vrai si l'IP est routable sur Internet."""
    lue = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(lue, ipaddress.IPv6Address):
        if lue.ipv4_mapped is not None:
            return est_publique(str(lue.ipv4_mapped))
        if any(lue in plage for plage in _TRADUITES) or lue.is_site_local:
            return False
    return lue.is_global and not lue.is_multicast


def _resoudre(hote: str, port: int) -> list[str]:
    try:
        trouvees = socket.getaddrinfo(hote, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as erreur:
        raise AdresseRefusee(f"Le nom {hote} ne mène nulle part : vérifiez l'adresse.") from erreur
    return list(dict.fromkeys(str(trouvee[4][0]) for trouvee in trouvees))


def appeler(cible: Cible, corps: bytes, entetes: Mapping[str, str]) -> tuple[int, bytes]:
    """Envoie le corps ; rend le statut HTTP et le début de la réponse. Aucune redirection n'est suivie. Lève `AppelManque`.

    Un serveur qui rend un octet toutes les neuf secondes ne garde pas le travailleur : la prise est coupée à l'échéance.
    """
    connexion = http.client.HTTPConnection(cible.hote, cible.port, timeout=DELAI)
    echue = threading.Event()
    minuterie: threading.Timer | None = None
    try:
        with socket.create_connection((cible.ip, cible.port), timeout=DELAI) as brute:
            connexion.sock = (
                ssl.create_default_context().wrap_socket(brute, server_hostname=cible.hote) if cible.chiffree else brute
            )
            minuterie = threading.Timer(ECHEANCE, _couper, [connexion.sock, echue])
            minuterie.start()
            connexion.request("POST", cible.chemin, body=corps, headers=dict(entetes))
            reponse = connexion.getresponse()
            lue = reponse.read(REPONSE_LUE)
    except ssl.SSLError as erreur:
        raise AppelManque(f"Certificat ou chiffrement refusé ({erreur.reason or 'TLS'}).") from erreur
    except (OSError, http.client.HTTPException) as erreur:
        raise AppelManque(_TROP_LENT if echue.is_set() else f"Pas de réponse ({_dire(erreur)}).") from erreur
    else:
        # Une réponse coupée se lit comme une réponse courte : elle ne vaut rien.
        if echue.is_set():
            raise AppelManque(_TROP_LENT)
        return reponse.status, lue
    finally:
        if minuterie is not None:
            minuterie.cancel()
        connexion.close()


def _dire(erreur: OSError | http.client.HTTPException) -> str:
    return (isinstance(erreur, OSError) and erreur.strerror) or str(erreur) or type(erreur).__name__


def _couper(prise: socket.socket, echue: threading.Event) -> None:
    """Ferme la prise pour de bon, quoi qu'un autre fil y lise."""
    echue.set()
    with suppress(OSError):
        prise.shutdown(socket.SHUT_RDWR)
