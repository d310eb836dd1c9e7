"""Un jeu de fichiers d'exemple tirés des données du bailleur : prêts à réimporter sans rien changer, ou à imiter (formats.md § 1)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.styles import Font

from attributions.domaine.codes import COMPTE_BAILLEUR
from bilans.calcul import calculer_annee
from conventions.models import Bailleur, FicheRpls, Logement
from flux_reservations.echanges.exportation import en_lots
from flux_reservations.echanges.reprise.lecture import comptes_connus, lire_notre_decompte
from flux_reservations.echanges.tableaux.liberations import Liberations
from flux_reservations.echanges.tableaux.orientations import Orientations
from flux_reservations.echanges.tableaux.patrimoine import Patrimoine
from flux_reservations.echanges.tableaux.stock import ReservationsStock

LIGNES: Final = 40
TABLEAUX_D_EXEMPLE: Final = (Patrimoine, ReservationsStock, Liberations, Orientations)
LISEZ_MOI: Final = """Fichiers d'exemple, tirés de vos données : {lignes} lignes au plus de chaque tableau.

- patrimoine, reservations_stock, liberations, orientations (.csv) : déposez-les dans « Imports » ; réimportés, ils ne changent rien.
- rpls_{annee}.csv : les mêmes logements au format du répertoire (Windows-1252).
- suivi-du-decompte-{annee}.xlsx : un tableur fait à la main, pour l'assistant de reprise. Deux écarts y sont glissés : une ligne
  manque, et une autre est comptée deux fois.

Aucun numéro de demande n'y figure.
"""


def composer_les_exemples(bailleur: Bailleur, departement: str, annee: int) -> bytes:
    """L'archive ZIP : quatre tableaux, un RPLS, un tableur de décompte, un mode d'emploi."""
    sortie = io.BytesIO()
    with ZipFile(sortie, "w", ZIP_DEFLATED) as archive:
        archive.writestr("LISEZ-MOI.txt", LISEZ_MOI.format(lignes=LIGNES, annee=annee))
        for classe in TABLEAUX_D_EXEMPLE:
            tableau = classe()
            archive.writestr(f"{tableau.nom}.csv", "".join(texte for _, texte in en_lots(tableau, bailleur, LIGNES)))
        archive.writestr(f"rpls_{annee}.csv", "".join(_rpls(bailleur)).encode("cp1252", errors="replace"))
        archive.writestr(f"suivi-du-decompte-{annee}.xlsx", _decompte(bailleur, departement, annee))
    return sortie.getvalue()


def _rpls(bailleur: Bailleur) -> Iterator[str]:
    """Les premiers logements, au format du répertoire ; ce qu'on n'en sait pas y est NA."""
    yield "IDENT_INT;IDENT_REP;DEPCOM;CODEPOSTAL;NBPIECE;CONSTRUCT;BAIL;CONTRESLOG\n"
    logements = Logement.objects.filter(bailleur=bailleur).select_related("fiche_rpls").order_by("identifiant")[:LIGNES]
    for un in logements:
        fiche: FicheRpls | None = getattr(un, "fiche_rpls", None)
        bail = f"{fiche.dernier_bail:%m/%Y}" if fiche and fiche.dernier_bail else "NA"
        cellules = (
            un.identifiant,
            un.identifiant_rpls,
            un.commune_id,
            un.code_postal,
            un.typologie.removeprefix("T"),
            un.annee_construction or "NA",
            bail,
            (fiche.contingent if fiche else "") or "NA",
        )
        yield ";".join(map(str, cellules)) + "\n"


def _decompte(bailleur: Bailleur, departement: str, annee: int) -> bytes:
    """Le décompte de l'année comme un agent le tiendrait : titre, en-têtes sur deux lignes, réservataires groupés, totaux."""
    calcul = calculer_annee(bailleur, departement, annee)
    noms = {un.code: un.nom for un in comptes_connus(calcul)} | {COMPTE_BAILLEUR: "Bailleur (non réservé)"}
    lignes = sorted(lire_notre_decompte(calcul), key=lambda une: (une.compte, une.le, une.liberation))
    livre = Workbook()
    feuille = livre.worksheets[0]
    feuille.title = "Décompte"
    feuille.append([f"{bailleur.nom} : suivi du décompte {annee}"])
    feuille.append([])
    feuille.append(["Réservataire", "Logement", None, "Date"])
    feuille.append([None, "N° libération", "N° UG", "décompté le"])
    for plage in ("A1:D1", "A3:A4", "B3:C3"):
        feuille.merge_cells(plage)
    for ligne in feuille.iter_rows(min_row=1, max_row=4):
        for cellule in ligne:
            cellule.font = Font(bold=True)
    montrees = [*lignes[1:], *lignes[-1:]]
    for compte in dict.fromkeys(une.compte for une in montrees):
        groupe = [une for une in montrees if une.compte == compte]
        debut = feuille.max_row + 1
        for une in groupe:
            feuille.append([_nommer(compte, noms), une.liberation, une.logement, une.le])
        if len(groupe) > 1:
            for rang in range(debut + 1, feuille.max_row + 1):
                feuille.cell(rang, 1).value = None
            feuille.merge_cells(start_row=debut, end_row=feuille.max_row, start_column=1, end_column=1)
        feuille.append([f"Sous-total {_nommer(compte, noms)}", None, None, len(groupe)])
    feuille.append(["TOTAL", None, None, len(montrees)])
    for lettre, largeur in (("A", 42), ("B", 18), ("C", 18), ("D", 14)):
        feuille.column_dimensions[lettre].width = largeur
    sortie = io.BytesIO()
    livre.save(sortie)
    return sortie.getvalue()


def _nommer(compte: str, noms: dict[str, str]) -> str:
    sous_contingent = compte.partition("/")[2]
    return f"{noms.get(compte, compte)}, {sous_contingent}" if sous_contingent else noms.get(compte, compte)
