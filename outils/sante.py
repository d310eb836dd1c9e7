"""Sonde de santé du conteneur web : la page d'accueil répond, vue comme derrière le serveur frontal (HTTPS)."""

from __future__ import annotations

import http.client
import os
import sys

hote = os.environ["ALLOWED_HOSTS"].split(",")[0]
connexion = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
try:
    connexion.request("GET", "/", headers={"Host": hote, "X-Forwarded-Proto": "https"})
    reponse = connexion.getresponse().status
except OSError:
    sys.exit(1)
sys.exit(0 if reponse < http.HTTPStatus.BAD_REQUEST else 1)
