"""Écrire un classeur XLSX propre : types, largeurs, en-têtes figés, filtres, apostrophe des formules (formats.md § 1)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from flux_reservations.socle.exports import TYPE_XLSX, proteger

__all__ = ["TYPE_XLSX", "ColonneTableur", "Feuille", "ecrire_classeur"]

Genre = Literal["texte", "entier", "decimal", "taux", "date", "instant"]
FORMATS: dict[str, str] = {
    "entier": "#,##0",
    "decimal": "#,##0.0000",
    "taux": '0.00" %"',
    "date": "dd/mm/yyyy",
    "instant": "dd/mm/yyyy hh:mm",
}
_GRAS = Font(bold=True, color="FFFFFF")
_FOND = PatternFill("solid", fgColor="1F4E5F")
_TITRE_INTERDIT = re.compile(r"[\[\]:*?/\\]")
LONGUEUR_DE_TITRE = 31
LARGEUR_PAR_DEFAUT = {"texte": 24, "entier": 12, "decimal": 16, "taux": 12, "date": 12, "instant": 18}


@dataclass(frozen=True, slots=True)
class ColonneTableur:
    """Une colonne : son en-tête (le nom du contrat), son genre, sa largeur en caractères (0 : selon le genre)."""

    entete: str
    genre: Genre = "texte"
    largeur: int = 0


@dataclass(frozen=True, slots=True)
class Feuille:
    """Une feuille : un titre, des colonnes, des lignes ; `figees` colonnes restent à gauche quand on défile."""

    titre: str
    colonnes: Sequence[ColonneTableur]
    lignes: Iterable[Sequence[object]] = field(default_factory=tuple)
    figees: int = 1


def ecrire_classeur(feuilles: Iterable[Feuille], *, titre: str = "", date_de: datetime | None = None) -> bytes:
    """Octets d'un XLSX, écrit au fil des lignes ; `titre` et `date_de` en sont les propriétés."""
    classeur = Workbook(write_only=True)
    classeur.properties.title = titre
    classeur.properties.creator = "Flux réservations"
    classeur.properties.language = "fr-FR"
    if date_de is not None:
        classeur.properties.created = timezone.make_naive(date_de, timezone.get_fixed_timezone(0))
    for feuille in feuilles:
        _ecrire_feuille(classeur, feuille)
    sortie = io.BytesIO()
    classeur.save(sortie)
    return sortie.getvalue()


def _ecrire_feuille(classeur: Workbook, feuille: Feuille) -> None:
    page = classeur.create_sheet(_TITRE_INTERDIT.sub(" ", feuille.titre)[:LONGUEUR_DE_TITRE])
    page.freeze_panes = f"{get_column_letter(feuille.figees + 1)}2"
    for rang, colonne in enumerate(feuille.colonnes, start=1):
        page.column_dimensions[get_column_letter(rang)].width = colonne.largeur or LARGEUR_PAR_DEFAUT[colonne.genre]
    entetes = []
    for colonne in feuille.colonnes:
        cellule = WriteOnlyCell(page, value=colonne.entete)
        cellule.font, cellule.fill, cellule.alignment = _GRAS, _FOND, Alignment(wrap_text=True, vertical="center")
        entetes.append(cellule)
    page.append(entetes)
    nombre = 0
    for ligne in feuille.lignes:
        page.append([_cellule(page, colonne, valeur) for colonne, valeur in zip(feuille.colonnes, ligne, strict=True)])
        nombre += 1
    page.auto_filter.ref = f"A1:{get_column_letter(len(feuille.colonnes))}{nombre + 1}"


def _cellule(page: WriteOnlyWorksheet, colonne: ColonneTableur, valeur: object) -> object:
    """Une valeur typée ; un nombre que la colonne n'attend pas (effectif masqué…) reste un texte."""
    native = convertir(colonne.genre, valeur)
    if isinstance(native, str) or native is None:
        return native
    cellule = WriteOnlyCell(page)
    cellule.value = native
    cellule.number_format = FORMATS[colonne.genre]
    return cellule


def convertir(genre: Genre, valeur: object) -> str | int | Decimal | date | None:
    """La valeur telle qu'un tableur la compte : nombre, date sans fuseau, ou texte protégé ; vide = inconnu."""
    if valeur is None or valeur == "":
        return None
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    if isinstance(valeur, Fraction):
        valeur = Decimal(valeur.numerator) / Decimal(valeur.denominator)
    if isinstance(valeur, datetime):
        return timezone.make_naive(valeur) if timezone.is_aware(valeur) else valeur
    if isinstance(valeur, date) or (genre in {"entier", "decimal", "taux"} and isinstance(valeur, int | Decimal)):
        return valeur
    return proteger(str(valeur))
