"""Produire un PDF accessible (PDF/UA-1) avec WeasyPrint, sans réseau ni fichier hors de `static/`.

Le document porte sa langue, son titre et ses dates dans son HTML (`<html lang>`, `<title>`, `<meta>`) : le même HTML donne le même
PDF. Les feuilles de style et les polices sont lues une fois par processus.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from django.contrib.staticfiles import finders
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from flux_reservations.commun.erreurs import ErreurMetier

SCHEMA = "static:"
"""Préfixe des seules adresses qu'un document peut lire : `static:polices/SourceSansPro-Regular.ttf`."""
FEUILLE_COMMUNE = "css/pdf.css"
_A_UN_TITRE = re.compile(r"<title>\s*[^<\s]")
_A_UNE_LANGUE = re.compile(r"<html[^>]*\slang=\"[a-z]")
_verrou = threading.Lock()


class RessourceInterdite(FatalURLFetchingError):
    """Le document demande une adresse qu'un PDF n'a pas à lire : la production s'arrête, au lieu d'omettre en silence."""


class ChargeurFerme(URLFetcher):
    """Ne lit que `static:…`, dans les dossiers statiques du projet."""

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """Les octets d'un fichier statique ; lève `RessourceInterdite` pour toute autre adresse."""
        del headers
        if not url.startswith(SCHEMA):
            raise RessourceInterdite(f"Adresse refusée dans un PDF : {url[:120]}")
        nom = unquote(url.removeprefix(SCHEMA).partition("#")[0].partition("?")[0])
        type_mime = mimetypes.guess_type(nom)[0] or "application/octet-stream"
        return URLFetcherResponse(url, lire_statique(nom), {"Content-Type": type_mime})


def lire_statique(nom: str) -> bytes:
    """Octets d'un fichier de `static/` ; lève `RessourceInterdite` s'il n'y est pas (un chemin qui en sort n'y est jamais)."""
    if nom.startswith("/") or ".." in Path(nom).parts:
        raise RessourceInterdite(f"Chemin refusé dans un PDF : {nom[:120]}")
    chemin = finders.find(nom)
    if not isinstance(chemin, str):
        raise RessourceInterdite(f"Fichier statique introuvable : {nom[:120]}")
    return Path(chemin).read_bytes()


@cache
def _polices() -> FontConfiguration:
    return FontConfiguration()


@cache
def _feuille(nom: str) -> CSS:
    """Une feuille de style, analysée une fois par processus, ses polices chargées."""
    return CSS(
        string=lire_statique(nom).decode(), base_url=SCHEMA + nom, url_fetcher=ChargeurFerme(), font_config=_polices()
    )


def produire_pdf(html: str, feuilles: Sequence[str] = ()) -> bytes:
    """Le PDF/UA-1 de `html`, avec la feuille commune et `feuilles` (noms dans `static/`).

    Lève `ErreurMetier` si le document n'a pas de langue ou de titre (un PDF/UA les exige), ou demande une adresse interdite.
    """
    if not _A_UN_TITRE.search(html) or not _A_UNE_LANGUE.search(html):
        raise ErreurMetier("pdf_sans_titre", "Un PDF accessible a une langue (<html lang>) et un titre (<title>).")
    try:
        with _verrou:  # Pango n'est pas réentrant, et les polices sont partagées.
            octets: bytes = HTML(string=html, base_url=SCHEMA, url_fetcher=ChargeurFerme()).write_pdf(
                stylesheets=[_feuille(nom) for nom in (FEUILLE_COMMUNE, *feuilles)],
                font_config=_polices(),
                pdf_variant="pdf/ua-1",
                pdf_identifier=hashlib.sha256(html.encode()).digest()[:16],
            )
    except RessourceInterdite as erreur:
        raise ErreurMetier("pdf_ressource_interdite", str(erreur)) from erreur
    return octets
