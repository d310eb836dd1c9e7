"""Exporter une liste telle qu'on la voit : CSV au fil de l'eau, ou tableur XLSX."""

from __future__ import annotations

import csv
import datetime as dt
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from django.http import FileResponse, StreamingHttpResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
TYPE_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DE_COMMANDE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_DEBUT_DE_FORMULE = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """Un « fichier » qui rend ce qu'on lui écrit : le CSV part ligne par ligne, sans être gardé en mémoire."""

    def write(self, texte: str) -> str:
        """Rend `texte`."""
        return texte


def proteger(texte: str) -> str:
    """Fait précéder d'une apostrophe un texte qu'un tableur prendrait pour une formule (formats.md § 1).

    Un caractère de commande, qu'un collage a pu laisser, devient une espace : un classeur ne peut pas l'écrire.
    """
    if not texte.isprintable():
        texte = _DE_COMMANDE.sub(" ", texte)
    return f"'{texte}" if texte.startswith(_DEBUT_DE_FORMULE) else texte


def en_texte(valeur: object) -> str:
    """Écrit une valeur pour un CSV : dates AAAA-MM-JJ, décimales avec un point, oui ou non, vide si inconnu."""
    if valeur is None:
        return ""
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    if isinstance(valeur, Fraction):
        return str(Decimal(valeur.numerator) / Decimal(valeur.denominator))
    if isinstance(valeur, dt.datetime | dt.date):
        return valeur.isoformat()
    if isinstance(valeur, int | Decimal):
        return str(valeur)
    return proteger(str(valeur))


def repondre_csv(nom: str, entetes: Sequence[str], lignes: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """Répond un CSV (UTF-8, séparateur « ; ») envoyé au fil de la lecture."""
    ecrivain = csv.writer(_Echo(), delimiter=";", lineterminator="\r\n")

    def morceaux() -> Iterator[str]:
        yield BOM
        yield ecrivain.writerow(entetes)
        for ligne in lignes:
            yield ecrivain.writerow([en_texte(valeur) for valeur in ligne])

    reponse = StreamingHttpResponse(morceaux(), content_type="text/csv; charset=utf-8")
    reponse["Content-Disposition"] = f'attachment; filename="{nom}.csv"'
    return reponse


def repondre_xlsx(nom: str, entetes: Sequence[str], lignes: Iterable[Sequence[object]]) -> FileResponse:
    """Répond un tableur XLSX : en-tête figé, nombres et dates gardés comme tels."""
    classeur = Workbook(write_only=True)
    feuille = classeur.create_sheet(nom[:31])
    feuille.freeze_panes = "A2"
    titres = []
    for entete in entetes:
        cellule = WriteOnlyCell(feuille, value=entete)
        cellule.font = Font(bold=True)
        titres.append(cellule)
    feuille.append(titres)
    for ligne in lignes:
        feuille.append([valeur if _est_native(valeur) else en_texte(valeur) for valeur in ligne])
    return repondre_classeur(nom, classeur)


def repondre_classeur(nom: str, classeur: Workbook) -> FileResponse:
    """Répond un classeur, par un fichier temporaire."""
    fichier = tempfile.TemporaryFile()  # noqa: SIM115 : FileResponse le ferme
    classeur.save(fichier)
    fichier.seek(0)
    return FileResponse(fichier, as_attachment=True, filename=f"{nom}.xlsx", content_type=TYPE_XLSX)


def _est_native(valeur: object) -> bool:
    """Vrai pour ce qu'un tableur sait compter : nombre ou date sans fuseau."""
    if isinstance(valeur, bool):
        return False
    return isinstance(valeur, int | Decimal) or type(valeur) is dt.date
