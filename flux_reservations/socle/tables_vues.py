"""Exporter une page qui n'est pas une liste : ses tableaux, tels qu'on les voit (CSV, ou classeur d'une feuille par tableau)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser
from http import HTTPStatus
from typing import Any, ClassVar, Final

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views import View
from openpyxl import Workbook
from openpyxl.styles import Font

from flux_reservations.socle.exports import proteger, repondre_classeur, repondre_csv

GENRES: Final = ("csv", "xlsx")
ACTES: Final = frozenset({"", "acte", "actes", "archive", "carnet", "détail", "suite"})
"""En-têtes de colonnes qui ne portent que des boutons ou des liens."""
_MUETS: Final = frozenset({"button", "form", "script", "style", "svg", "template"})
_VIDES: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_NOMBRE: Final = re.compile(r"[+-]?[0-9]+(?:,[0-9]+)?")
_ESPACES: Final = str.maketrans("", "", " \u00a0\u202f")


@dataclass(slots=True)
class Table:
    """Un tableau lu : sa légende, ses en-têtes, ses lignes ; un nombre y est un nombre."""

    legende: str = ""
    entetes: list[str] = field(default_factory=list)
    lignes: list[list[Any]] = field(default_factory=list)

    def sans_les_actes(self) -> Table:
        """Le même, sans les colonnes d'actes."""
        gardees = [rang for rang, entete in enumerate(self.entetes) if entete.lower() not in ACTES]
        lignes = [[ligne[rang] for rang in gardees if rang < len(ligne)] for ligne in self.lignes]
        return Table(self.legende, [self.entetes[rang] for rang in gardees], lignes)


class _Lecteur(HTMLParser):
    """Lit les `<table>` d'une page ; ce qui est muet (boutons, formulaires) ou caché à l'œil n'est pas lu."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[Table] = []
        self._pile: list[tuple[str, bool]] = []
        self._texte: list[str] | None = None
        self._ligne: list[Any] | None = None
        self._dans_l_en_tete = False
        self._est_nombre = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Ouvre un élément."""
        classes = (dict(attrs).get("class") or "").split()
        if tag == "br" and self._texte is not None:
            self._texte.append(" ")
        if tag in _VIDES:
            return
        muet = tag in _MUETS or ("visually-hidden" in classes and tag != "caption")
        self._pile.append((tag, muet))
        match tag:
            case "table":
                self.tables.append(Table())
            case "thead":
                self._dans_l_en_tete = True
            case "tr":
                self._ligne = []
            case "caption" | "th" | "td" if self.tables:
                self._texte, self._est_nombre = [], "nombre" in classes

    def handle_endtag(self, tag: str) -> None:
        """Ferme un élément, et ceux qu'il contient."""
        if tag not in {ouvert for ouvert, _ in self._pile}:
            return
        while self._pile.pop()[0] != tag:
            pass
        match tag:
            case "caption" | "th" | "td" if self._texte is not None:
                self._ranger(tag, " ".join("".join(self._texte).split()))
                self._texte = None
            case "tr" if self._ligne is not None and self.tables:
                table = self.tables[-1]
                if self._dans_l_en_tete:
                    table.entetes = [str(cellule) for cellule in self._ligne]
                elif self._ligne:
                    table.lignes.append(self._ligne)
                self._ligne = None
            case "thead":
                self._dans_l_en_tete = False

    def handle_data(self, data: str) -> None:
        """Un texte, s'il se voit."""
        if self._texte is not None and not any(muet for _, muet in self._pile):
            self._texte.append(data)

    def _ranger(self, tag: str, texte: str) -> None:
        if tag == "caption":
            self.tables[-1].legende = texte
        elif self._ligne is not None:
            self._ligne.append(_lire_cellule(texte, est_nombre=self._est_nombre and not self._dans_l_en_tete))


def _lire_cellule(texte: str, *, est_nombre: bool) -> Any:
    """La valeur d'une cellule : un nombre sans ses espaces, un texte, ou rien (« — »)."""
    if texte == "—":
        return None
    serre = texte.translate(_ESPACES).replace("\N{MINUS SIGN}", "-")
    if est_nombre and _NOMBRE.fullmatch(serre):
        return Decimal(serre.replace(",", ".")) if "," in serre else int(serre)
    return texte


def lire_les_tables(page: str) -> list[Table]:
    """Les tableaux d'une page, dans l'ordre, sans leurs colonnes d'actes ; un tableau vide n'en est pas un."""
    lecteur = _Lecteur()
    lecteur.feed(page)
    return [table.sans_les_actes() for table in lecteur.tables if table.lignes]


class PageExportable(View):
    """À mettre avant la vue : `?export=csv|xlsx` rend les tableaux de la page, avec ses filtres et les droits de la vue."""

    nom_export: ClassVar[str]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """La page, ou son export."""
        reponse = super().dispatch(request, *args, **kwargs)
        genre = request.GET.get("export", "")
        if request.method != "GET" or genre not in GENRES:
            return reponse
        if not isinstance(reponse, HttpResponse) or reponse.status_code != HTTPStatus.OK:
            return reponse
        tables = lire_les_tables(reponse.content.decode())
        return _en_csv(self.nom_export, tables) if genre == "csv" else _en_classeur(self.nom_export, tables)


def _en_csv(nom: str, tables: Sequence[Table]) -> HttpResponseBase:
    """Un seul tableau : lui seul. Plusieurs : l'un après l'autre, chacun sous sa légende."""
    if len(tables) == 1:
        return repondre_csv(nom, tables[0].entetes, tables[0].lignes)
    lignes: list[list[Any]] = []
    for table in tables:
        lignes += [[table.legende], table.entetes, *table.lignes, []]
    return repondre_csv(nom, [], lignes[:-1])


def _en_classeur(nom: str, tables: Sequence[Table]) -> FileResponse:
    classeur = Workbook()
    classeur.remove(classeur.worksheets[0])
    for rang, table in enumerate(tables or [Table(nom)], start=1):
        titre = re.sub(r"[\[\]:*?/\\]", " ", table.legende)[:24].strip() or nom[:24]
        feuille = classeur.create_sheet(f"{rang} {titre}")
        feuille.append([proteger(entete) for entete in table.entetes])
        for cellule in feuille[1]:
            cellule.font = Font(bold=True)
        feuille.freeze_panes = "A2"
        for ligne in table.lignes:
            feuille.append([proteger(valeur) if isinstance(valeur, str) else valeur for valeur in ligne])
    return repondre_classeur(nom, classeur)
